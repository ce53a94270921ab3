"""Score labels with any causal language model that transformers can load.

All queries of a call are answered in as few forwards as possible: one row of tokens per context, its questions as
branches under a tree mask (`rows`), contexts kept between calls (`prefix_tree`, `slot_cache`), and the vocabulary-wide
output computed only where a label is read. A forward costs the same for one token as for twenty: hence few forwards.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from prospect_agents.language.model import Query, Scored
from prospect_agents.language.prefix_tree import PrefixTree
from prospect_agents.language.pull import quiet
from prospect_agents.language.rows import Encoded, Row, Tokens, buckets, chains, shared_beginnings
from prospect_agents.language.slot_cache import Placement, SlotCache
from prospect_agents.language.weights import choose_dtype, float_head, weight_hash
from prospect_env.core.errors import ModelError

# What one more forward costs, in tokens: sharing or padding that saves less is not worth it.
FORWARD_WORTH = 48
# Bounds of one forward: new tokens (activations), mask cells, and positions of full-vocabulary output.
MAX_TOKENS, MAX_CELLS, MAX_OUTPUTS = 2048, 1 << 24, 256


class Intervention(NamedTuple):
    """Something done to the network while it answers: `install` registers hooks and returns their handles.

    `name` must say everything that matters (layer, vector, strength): it becomes part of the model's identity.
    """

    name: str
    install: Callable[[torch.nn.Module], Iterable[Any]]


class TransformersModel:
    """A causal language model that scores labels, with its contexts cached between calls.

    Args:
        source: folder or hub id.
        dtype: "float32", "bfloat16", or "auto": bfloat16 where the device computes in it natively.
        batch_invariant: answer bit for bit the same whatever else is asked, before or in the same call, by scoring
            each query alone, segment by segment. Otherwise answers move with company, by 1e-5 nats in float32 and .1 or
            .2 in bfloat16.
        cache_bytes: bound on what is kept between calls; it changes time only.
        name: how `identity` calls the model; default `source`.

    Raises:
        ModelError: it cannot be loaded, or is not a causal model with ordinary attention.
    """

    def __init__(
        self,
        source: str | Path,
        dtype: str = "auto",
        batch_invariant: bool = False,
        cache_bytes: int = 2 << 30,
        name: str | None = None,
    ) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._dtype = choose_dtype(dtype, self._device)
        try:
            with quiet():
                self._tokenizer = AutoTokenizer.from_pretrained(source)
                module = AutoModelForCausalLM.from_pretrained(source, dtype=self._dtype, attn_implementation="sdpa")
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot load a causal language model from {str(source)!r}: {error}") from error
        self.module = module.to(self._device).eval()
        self._invariant, self._cache_bytes = batch_invariant, cache_bytes
        self._interventions: tuple[Intervention, ...] = ()
        self._name = f"{name or source}@{weight_hash(Path(source), module.config)}"
        # bfloat16 logits of size 20 are rounded by up to .06: the output layer is worth computing in full precision.
        self._head = module.get_output_embeddings().float() if self._dtype == torch.float32 else float_head(module)
        limits = [getattr(module.config, key, None) for key in ("max_position_embeddings", "sliding_window")]
        self._longest = min((limit for limit in limits if limit), default=1 << 30)
        start = self._tokenizer("a").input_ids[:1]
        bos, eos = self._tokenizer.bos_token_id, self._tokenizer.eos_token_id
        self._start: Tokens = (bos,) if bos is not None and start == [bos] else ()
        self._blank: Tokens = self._start or tuple(token for token in (bos, eos) if token is not None)[:1]
        self._encode = lru_cache(maxsize=1 << 16)(self._tokenize)
        self._lock = threading.Lock()
        self.forget()
        self._check()

    @property
    def identity(self) -> str:
        parts = [self._name, str(self._dtype).removeprefix("torch."), self._device.type]
        parts += ["batch_invariant"] * self._invariant + [intervention.name for intervention in self._interventions]
        return "/".join(parts)

    def forget(self) -> None:
        """Empty the cache."""
        self._tree, self._slots = PrefixTree(), SlotCache()

    def intervened(self, *interventions: Intervention) -> TransformersModel:
        """The same weights under interventions, with an identity and a cache of its own."""
        other = object.__new__(TransformersModel)
        other.__dict__.update(self.__dict__)
        other._interventions = (*self._interventions, *interventions)
        other.forget()
        return other

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """Answers in the order of the queries.

        Raises:
            ModelError: a prompt is longer than the model can hold, or empty where the model needs something to go on.
        """
        start = time.perf_counter()
        with self._lock, torch.inference_mode(), self._installed():
            encoded = [self._encoded(query) for query in queries]
            scores = [np.zeros(len(query.labels)) for query in queries]
            fresh = [0] * len(queries)
            if self._invariant:
                for index, query in enumerate(queries):
                    self._score_alone(index, query, scores, fresh)
            else:
                self._score_together(encoded, scores, fresh)
            self._tree.tick()
            self._trim()
        share = (time.perf_counter() - start) / max(1, len(queries))
        answers = []
        for each, logprobs, new in zip(encoded, scores, fresh, strict=True):
            tokens = len(each.context) + len(each.tail)
            answers.append(Scored(logprobs, tokens, tokens - new, sum(map(len, each.labels)), share))
        return answers

    def _score_together(self, queries: list[Encoded], scores: list[np.ndarray], fresh: list[int]) -> None:
        asked: dict[Tokens, list[int]] = {}
        for index, query in enumerate(queries):
            asked.setdefault(query.context, []).append(index)
        groups = chains(list(asked))
        longest = [group[-1] for group in groups]
        self._tree.tick()
        # Rules and the like, shared by many contexts, are computed once and before, level by level.
        while found := shared_beginnings(longest, [len(self._tree.find(key)) for key in longest], FORWARD_WORTH):
            rows = [Row(context, self._tree.find(context)) for context in found]
            for row in rows:
                owner = next(key for key in longest if key[: len(row.context)] == row.context)
                fresh[asked[owner][0]] += row.trunk
            self._forward_all(rows, scores, pin=True)
        rows = []
        for group in groups:
            path = self._tree.find(group[-1])
            for context in group:
                # The token before the labels must be computed anew: the cache holds no output for it.
                if any(not queries[index].tail for index in asked[context]):
                    path = path[: len(context) - 1]
            row = Row(group[-1], path)
            counted = len(path)
            for context in group:
                fresh[asked[context][0]] += max(0, len(context) - counted)
                counted = max(counted, len(context))
                for index in asked[context]:
                    fresh[index] += row.ask(index, queries[index])
            rows.append(row)
        self._forward_all(rows, scores)

    def _forward_all(self, rows: list[Row], scores: list[np.ndarray], pin: bool = False) -> None:
        for bucket in buckets([row for row in rows if row.tokens], FORWARD_WORTH, MAX_TOKENS, MAX_CELLS):
            self._forward(bucket, scores, pin)

    def _forward(
        self, rows: list[Row], scores: list[np.ndarray], pin: bool = False, keys: Tokens | None = None
    ) -> None:
        """One forward over rows padded to [B, Q] behind [B, K] cached tokens; adds to `scores`, keeps the trunks.

        `pin` keeps them for the rest of the call at least; `keys` name the (single) row's context in the cache where
        its token ids do not.
        """
        taken = [self._tree.take(len(row.tokens)) for row in rows]
        kept = [0] * len(rows)
        try:
            hidden = self._hidden(rows, taken)
            self._read(rows, hidden, scores)
            for i, (row, slots) in enumerate(zip(rows, taken, strict=True)):
                kept[i] = row.trunk
                names = keys if keys is not None else row.context
                self._tree.store(row.path, names[len(row.path) :], slots[: row.trunk], pin)
        finally:
            for slots, count in zip(taken, kept, strict=True):
                self._tree.give(slots[count:])
        self._trim()

    def _trim(self) -> None:
        self._tree.trim(self._cache_bytes // max(1, self._slots.token_bytes()))

    def _hidden(self, rows: list[Row], taken: list[list[int]]) -> torch.Tensor:
        """Last hidden states, [B, Q, H]."""
        batch, width, cached = len(rows), max(len(r.tokens) for r in rows), max(len(r.path) for r in rows)
        ids, position = np.zeros((2, batch, width), dtype=np.int64)
        gather = np.empty((batch, cached + width), dtype=np.int64)
        allowed = np.zeros((batch, width, cached + width), dtype=bool)
        for i, (row, slots) in enumerate(zip(rows, taken, strict=True)):
            n, k = len(row.tokens), len(row.path)
            ids[i, :n], position[i, :n] = row.tokens, row.position
            # Padding points at a slot of its own row and is masked; padded tokens see something, or softmax is nan.
            gather[i] = slots[0]
            gather[i, :k], gather[i, cached : cached + n] = row.path, slots
            allowed[i, :n, :cached] = np.arange(cached) < np.array(row.seen)[:, None]
            allowed[i, :n, cached : cached + n] = row.ancestors()
            allowed[i, n:, cached] = True
        real = np.flatnonzero((np.arange(width) < np.array([[len(row.tokens)] for row in rows])).ravel())
        self._slots.capacity = self._tree.capacity
        into = np.concatenate(taken)
        self._slots.placement = Placement(self._to(real), self._to(into), self._to(gather), cached)
        mask = torch.zeros(allowed.shape, dtype=self._dtype, device=self._device)
        mask.masked_fill_(self._to(~allowed), torch.finfo(self._dtype).min)
        return self.module.base_model(
            input_ids=self._to(ids),
            attention_mask=mask[:, None],
            position_ids=self._to(position),
            past_key_values=self._slots,
            use_cache=True,
        ).last_hidden_state

    def _read(self, rows: list[Row], hidden: torch.Tensor, scores: list[np.ndarray]) -> None:
        """Add the log-probabilities that the rows' queries want."""
        reads = [(i, read) for i, row in enumerate(rows) for read in row.reads]
        places = sorted({(i, read.node) for i, read in reads})
        order = {place: n for n, place in enumerate(places)}
        for begin in range(0, len(places), MAX_OUTPUTS):
            chunk = places[begin : begin + MAX_OUTPUTS]
            rows_at, nodes_at = self._to(np.array(chunk).T)
            logits = self._head(hidden[rows_at, nodes_at].float())
            inside = [(n, read) for i, read in reads if begin <= (n := order[i, read.node]) < begin + len(chunk)]
            picked = logits[[n - begin for n, _ in inside], [read.token for _, read in inside]]
            total = torch.logsumexp(logits, dim=-1)[[n - begin for n, _ in inside]]
            for (_, read), value in zip(inside, (picked - total).tolist(), strict=True):
                scores[read.query][read.label] += value

    def _score_alone(self, index: int, query: Query, scores: list[np.ndarray], fresh: list[int]) -> None:
        """One forward a segment, so that shapes, and with them the last bits, follow from the query alone."""
        segments = [tokens for text in query.context if (tokens := self._encode(text))]
        tail = self._encode(query.tail)
        if not tail and segments:
            tail = segments.pop()
        if self._start or not (segments or tail):
            segments.insert(0, self._start or self._blank)
        if not tail:
            tail = segments.pop()
        context: Tokens = ()
        keys: Tokens = ()
        self._tree.tick()
        for segment in segments:
            context += segment
            # Other segmentations have other last bits, so the first token's name in the cache also says how long its
            # segment is.
            keys += (~(segment[0] << 24 | len(segment)), *segment[1:])
            path = self._tree.find(keys)
            if len(path) < len(keys):
                row = Row(context, path[: len(context) - len(segment)])
                fresh[index] += row.trunk
                self._forward([row], scores, pin=True, keys=keys)
        labels = tuple(self._encode(label) for label in query.labels)
        row = Row(context, self._tree.find(keys))
        row.ask(index, Encoded(context, tail, labels))
        fresh[index] += len(tail)
        self._forward([row], scores, keys=keys)

    def _encoded(self, query: Query) -> Encoded:
        context = self._start + tuple(token for text in query.context for token in self._encode(text))
        tail = self._encode(query.tail)
        if not context and not tail:
            context = self._blank
        labels = tuple(self._encode(label) for label in query.labels)
        length = len(context) + len(tail) + max(map(len, labels)) - 1
        if not (context or tail) or not all(labels):
            raise ModelError(f"{self._name} has no token for an empty prompt or for a label of {query.labels}")
        if length > self._longest:
            raise ModelError(f"a prompt of {length} tokens; {self._name} holds at most {self._longest}")
        return Encoded(context, tail, labels)

    def _tokenize(self, text: str) -> Tokens:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _to(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    @contextmanager
    def _installed(self) -> Iterator[None]:
        handles = [handle for each in self._interventions for handle in each.install(self.module)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @torch.inference_mode()
    def _check(self) -> None:
        """Compare a forked tree behind a cache with plain forwards: models that do something unusual are found here."""
        vocabulary = self.module.get_input_embeddings().num_embeddings
        a, b, c, d = (np.array([3, 5, 7, 11]) * 17 % vocabulary).tolist()
        query = Encoded((a, b), (c,), ((d, b), (a, d)))
        scores = [np.zeros(2)]
        try:
            self._tree.tick()
            self._forward([Row(query.context, [])], scores)
            self._score_together([query], scores, [0])
            text = torch.tensor([[a, b, c, *label] for label in query.labels], device=self._device)
            logp = self.module(text).logits[:, 2:-1].float().log_softmax(-1)
            plain = logp.gather(2, text[:, 3:, None]).sum((1, 2)).cpu().numpy()
        except (TypeError, RuntimeError, AttributeError, IndexError, NotImplementedError) as error:
            raise ModelError(f"{self._name} does not take a tree mask with a cache: {error}") from error
        gap = np.abs(scores[0] - plain).max()
        if not gap < (1e-3 if self._dtype == torch.float32 else 1.0):
            raise ModelError(f"{self._name} needs more than ordinary causal attention: scores differ by {gap:.3g} nats")
        self.forget()
