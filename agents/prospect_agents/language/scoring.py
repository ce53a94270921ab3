"""Answer encoded queries with few forwards over rows, or each alone; and read label probabilities off them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from prospect_agents.language.network import Network
from prospect_agents.language.rows import Encoded, Row, Tokens, chains, distinct, packed, shared_beginnings

Answers = Iterator[tuple[list[Row], torch.Tensor]]


def together(network: Network, queries: list[Encoded], fresh: list[int], pin: bool = False) -> Answers:
    """Rows that hold all queries, computed in as few forwards as possible, with their last hidden states [B, Q, H].

    `fresh[i]` is raised by the tokens that had to be computed for query i. `pin` keeps all contexts until the call
    ends, whatever the cache may hold.
    """
    asked: dict[Tokens, list[int]] = {}
    for index, query in enumerate(queries):
        asked.setdefault(query.context, []).append(index)
    groups = chains(list(asked))
    longest = [group[-1] for group in groups]
    # Rules and the like, shared by many contexts, are computed once and before, level by level.
    while found := shared_beginnings(longest, [len(network.tree.find(key)) for key in longest], network.FORWARD_WORTH):
        rows = [Row(context, network.tree.find(context)) for context in found]
        for row in rows:
            owner = next(key for key in longest if key[: len(row.context)] == row.context)
            fresh[asked[owner][0]] += row.trunk
        for _ in network.run(rows, pin=True):
            pass
    cached = [len(network.tree.find(key)) for key in longest]
    more = [sum(distinct([queries[index].tail for index in asked[context]]) for context in group) for group in groups]
    rows = []
    for contexts in packed(groups, cached, more):
        row = Row(contexts[0], network.tree.find(contexts[0]), network.tree.follow)
        fresh[asked[contexts[0]][0]] += row.trunk
        for context in contexts:
            for index in asked[context]:
                fresh[index] += row.ask(index, queries[index])
        rows.append(row)
    yield from network.run(rows, pin)


def alone(network: Network, index: int, query: Encoded, fresh: list[int]) -> Answers:
    """One forward a segment, so that shapes, and with them the last bits, follow from the query alone."""
    segments, tail = [part for part in query.parts if part], query.tail
    if not tail:
        tail = segments.pop()
    context: Tokens = ()
    keys: Tokens = ()
    for segment in segments:
        context += segment
        # Other segmentations have other last bits, so the first token's name in the cache also says how long its
        # segment is.
        keys += (~(segment[0] << 24 | len(segment)), *segment[1:])
        path = network.tree.find(keys)
        if len(path) < len(keys):
            row = Row(context, path[: len(context) - len(segment)])
            fresh[index] += row.trunk
            network.forward([row], pin=True, keys=keys)
    row = Row(context, network.tree.find(keys))
    row.ask(index, Encoded(context, tail, query.labels))
    fresh[index] += len(tail)
    yield [row], network.forward([row], keys=keys)


def add_scores(network: Network, rows: list[Row], hidden: torch.Tensor, scores: list[np.ndarray]) -> None:
    """Add the log-probabilities that the rows' queries want; `scores[i]` has one number a label of query i."""
    wanted: dict[tuple[int, int], list] = {}
    for i, row in enumerate(rows):
        for read in row.reads:
            wanted.setdefault((i, read.node), []).append(read)
    for places, logits in network.logits(hidden, sorted(wanted)):
        inside = [(n, read) for n, place in enumerate(places) for read in wanted[place]]
        found = logits.log_softmax(-1)[[n for n, _ in inside], [read.token for _, read in inside]]
        for (_, read), value in zip(inside, found.tolist(), strict=True):
            scores[read.query][read.label] += value
