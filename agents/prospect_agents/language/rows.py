"""Pack many questions about few contexts into rows of token trees.

A row is one context and everything asked about it: a trunk (the part of the context that is not cached yet) from which
tails and longer labels branch. Each token is in the row once, however many questions share it. Contexts that begin one
another share a row. Under a mask in which a token sees only its own ancestors, one forward answers everything exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

Tokens = tuple[int, ...]


class Encoded(NamedTuple):
    """What is asked, in token ids; `parts` are the segments of the context, `dropped` what was left out of it."""

    context: Tokens
    tail: Tokens
    labels: tuple[Tokens, ...] = ()
    parts: tuple[Tokens, ...] = ()
    dropped: int = 0

    @property
    def length(self) -> int:
        """Tokens of context and tail."""
        return len(self.context) + len(self.tail)

    def further(self, token: int) -> Encoded:
        """The same text with one more token."""
        return Encoded(self.context + self.tail, (token,), parts=(*self.parts, self.tail))


class Read(NamedTuple):
    """Add log P(token | what leads to node) to the score of a label of a query."""

    query: int
    label: int
    node: int
    token: int


class Row:
    """A tree of new tokens behind `path`, the slots of the cached beginning of `context`.

    Nodes 0, 1, ... are new tokens, parents before children, the trunk first. Node -1 - k stands for "after k cached
    tokens". `seen[i]` is how many cached tokens node i sees, `position[i]` its position in its own text.
    """

    def __init__(self, context: Tokens, path: list[int]) -> None:
        self.context, self.path = context, path
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.seen: list[int] = []
        self.position: list[int] = []
        self.reads: list[Read] = []
        self.ends: dict[int, int] = {}
        self._child: dict[tuple[int, int], int] = {}
        self._grow(-1 - len(path), context[len(path) :])
        self.trunk = len(self.tokens)

    def ask(self, index: int, query: Encoded) -> int:
        """Add a query whose context is a beginning of this row's and return how many tokens of its tail are new here.

        `index` is the query's, for its reads.
        """
        length, cached, before = len(query.context), len(self.path), len(self.tokens)
        end = self._grow(-1 - length if length <= cached else length - cached - 1, query.tail)
        if end < 0:
            raise ValueError("the last token before the labels must be computed, not cached")
        self.ends[index] = end
        new = len(self.tokens) - before
        for k, label in enumerate(query.labels):
            node = end
            for token, after in zip(label, (*label[1:], None), strict=True):
                self.reads.append(Read(index, k, node, token))
                if after is not None:
                    node = self._grow(node, (token,))
        return new

    def ancestors(self) -> np.ndarray:
        """Bool [n, n]: row i marks the new tokens that node i sees, itself included."""
        n = len(self.tokens)
        marks = np.eye(n, dtype=bool)
        marks[: self.trunk, : self.trunk] = np.tri(self.trunk, dtype=bool)
        for node in range(self.trunk, n):
            if self.parents[node] >= 0:
                marks[node] |= marks[self.parents[node]]
        return marks

    def _grow(self, node: int, tokens: Sequence[int]) -> int:
        for token in tokens:
            child = self._child.get((node, token))
            if child is None:
                child = self._child[node, token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(node)
                self.seen.append(self.seen[node] if node >= 0 else -1 - node)
                self.position.append(self.position[node] + 1 if node >= 0 else -1 - node)
            node = child
        return node


def chains(contexts: Sequence[Tokens]) -> list[list[Tokens]]:
    """Distinct contexts in groups of which each member begins the next: one row each."""
    groups: list[list[Tokens]] = []
    for context in sorted(set(contexts)):
        if groups and context[: len(groups[-1][-1])] == groups[-1][-1]:
            groups[-1].append(context)
        else:
            groups.append([context])
    return groups


def shared_beginnings(contexts: Sequence[Tokens], cached: Sequence[int], worth: int) -> list[Tokens]:
    """Shared beginnings that save at least `worth` tokens when computed once, beforehand.

    None of the contexts may begin another. `cached[i]` tokens of contexts[i] are known already. Returns only the
    outermost; call again once they are cached.
    """
    known = dict(zip(contexts, cached, strict=True))
    found: list[Tokens] = []
    groups = [sorted(known)] if known else []
    while groups:
        group = groups.pop()
        length = _common(group[0], group[-1])
        if (len(group) - 1) * (length - max(known[context] for context in group)) >= worth:
            found.append(group[0][:length])
            continue
        inner: dict[Tokens, list[Tokens]] = {}
        for context in group:
            inner.setdefault(context[length : length + 1], []).append(context)
        groups += [part for part in inner.values() if len(part) > 1]
    return found


def buckets(rows: Sequence[Row], waste: int, tokens: int, cells: int) -> Iterator[list[Row]]:
    """Groups of rows of like length: at most `waste` padding, `tokens` tokens and `cells` mask cells (or one row)."""
    group: list[Row] = []
    padding = longest = 0
    for row in sorted(rows, key=lambda row: (-len(row.tokens), -len(row.path))):
        length = len(group[0].tokens) if group else len(row.tokens)
        padding += length - len(row.tokens)
        longest = max(longest, len(row.path))
        count = length * (len(group) + 1)
        if group and (padding > waste or count > tokens or count * (longest + length) > cells):
            yield group
            group, padding, longest = [], 0, len(row.path)
        group.append(row)
    if group:
        yield group


def _common(a: Tokens, b: Tokens) -> int:
    """Length of the common beginning."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
