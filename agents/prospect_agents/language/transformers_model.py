"""Score labels, and write, with any causal language model that transformers can load.

All queries of a call are answered in as few forwards as possible: one row of tokens per context, its questions as
branches under a tree mask (`rows`), contexts kept between calls (`prefix_tree`, `slot_cache`), and the vocabulary-wide
output computed only where a label is read (`scoring`). Texts are written through the same rows (`writing`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer

from prospect_agents.language.attention import GROUPED
from prospect_agents.language.encoding import OVERFLOW, Encoder
from prospect_agents.language.grammar import Grammar
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.network import Network
from prospect_agents.language.pull import quiet
from prospect_agents.language.rows import Encoded
from prospect_agents.language.scoring import Answers, add_scores, alone, together
from prospect_agents.language.spelling import spellings
from prospect_agents.language.suitability import capacity, require_plain
from prospect_agents.language.weights import choose_dtype, weight_hash
from prospect_agents.language.writing import Draft, write
from prospect_env.core.errors import BadParameter, ModelError


class Intervention(NamedTuple):
    """Something done to the network while it answers: `install` registers hooks and returns their handles.

    `name` must say everything that matters (layer, vector, strength): it becomes part of the model's identity.
    """

    name: str
    install: Callable[[torch.nn.Module], Iterable[Any]]


class TransformersModel:
    """A causal language model that scores labels and writes, with its contexts cached between calls.

    Args:
        source: folder or hub id.
        dtype: "float32", "bfloat16", or "auto": bfloat16 where the device computes in it natively.
        batch_invariant: answer bit for bit the same whatever else is asked, before or in the same call, by computing
            each question alone, segment by segment. Otherwise answers move with company, by 1e-5 nats in float32 and .1
            or .2 in bfloat16.
        cache_bytes: bound on what is kept between calls; it changes time only.
        overflow: what happens to a prompt that is longer than the model can hold: "error", or "drop_oldest", which
            leaves out whole segments after the first, the oldest first; `Scored.dropped` says how many tokens.
        name: how `identity` calls the model; default `source`.

    Raises:
        ModelError: it cannot be loaded, or is not a causal model with ordinary attention.
        BadParameter: an option has a value that it may not have.
    """

    def __init__(
        self,
        source: str | Path,
        dtype: str = "auto",
        batch_invariant: bool = False,
        cache_bytes: int = 2 << 30,
        overflow: str = "error",
        name: str | None = None,
    ) -> None:
        if not isinstance(batch_invariant, bool):
            raise BadParameter(f"batch_invariant is {batch_invariant!r}; it may be true or false")
        if isinstance(cache_bytes, bool) or not isinstance(cache_bytes, int) or cache_bytes < 0:
            raise BadParameter(f"cache_bytes is {cache_bytes!r}; it must be a whole number, 0 or more")
        if overflow not in OVERFLOW:
            raise BadParameter(f"overflow is {overflow!r}; it may be {' or '.join(OVERFLOW)}")
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        chosen = choose_dtype(dtype, device)
        try:
            with quiet():
                self._tokenizer = AutoTokenizer.from_pretrained(source)
                module = AutoModelForCausalLM.from_pretrained(source, dtype=chosen, attn_implementation=GROUPED)
        except (OSError, ValueError, KeyError) as error:
            if GROUPED in str(error) or "attention implementation" in str(error):
                raise ModelError(
                    f"{name or source} attends in a way of its own; models can be used that transformers runs with "
                    "attention from outside (its sdpa)"
                ) from error
            raise ModelError(f"cannot load a causal language model from {str(source)!r}: {error}") from error
        self.module = module.to(device).eval()
        self.network = Network(self.module, cache_bytes)
        self._invariant, self._overflow = batch_invariant, overflow
        self._interventions: tuple[Intervention, ...] = ()
        self._name = f"{name or source}@{weight_hash(Path(source), module.config)}"
        self._encoder = Encoder(self._tokenizer, self._name, capacity(module.config), overflow)
        self._grammar = lru_cache(maxsize=64)(lambda schema: Grammar(schema, self._spellings))
        self._lock = threading.Lock()
        require_plain(self.network, self._name)

    @property
    def identity(self) -> str:
        network = self.network
        parts = [self._name, str(network.dtype).removeprefix("torch."), network.device.type]
        parts += ["batch_invariant"] * self._invariant + [self._overflow] * (self._overflow != "error")
        return "/".join(parts + [intervention.name for intervention in self._interventions])

    @property
    def full_support(self) -> bool:
        return True

    def forget(self) -> None:
        """Empty the cache."""
        self.network.forget()

    def intervened(self, *interventions: Intervention) -> TransformersModel:
        """The same weights under interventions, with an identity and a cache of its own."""
        other = object.__new__(TransformersModel)
        other.__dict__.update(self.__dict__)
        other._interventions = (*self._interventions, *interventions)
        other.network = self.network.again()
        return other

    def encode(self, text: str) -> tuple[int, ...]:
        """The token ids of a segment, tail or label."""
        return self._encoder.tokens(text)

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """Answers in the order of the queries.

        Raises:
            ModelError: a prompt is longer than the model can hold, or empty where the model needs something to go on; a
                label begins another; or there is no chat template where one is needed.
        """
        start = time.perf_counter()
        scores = [np.zeros(len(query.labels)) for query in queries]
        fresh = [0] * len(queries)
        with self._answering():
            encoded = [self._encoder.query(query) for query in queries]
            for rows, hidden in self._answers(encoded, fresh):
                add_scores(self.network, rows, hidden, scores)
        share = (time.perf_counter() - start) / max(1, len(queries))
        return [
            Scored(logprobs, each.length, each.length - new, sum(map(len, each.labels)), share, each.dropped)
            for each, logprobs, new in zip(encoded, scores, fresh, strict=True)
        ]

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """Texts in the order of the requests, written side by side.

        Raises:
            ModelError: as `score`; or a schema cannot be enforced, or not within the limit.
        """
        start = time.perf_counter()
        with self._answering():
            prompts = [self._encoder.request(request) for request in requests]
            grammars = [None if request.schema is None else self._grammar(request.schema) for request in requests]
            drafts = [Draft(*each) for each in zip(requests, prompts, grammars, strict=True)]
            fresh = write(self.network, drafts, self._pinned, self._spellings, self._ends)
        share = (time.perf_counter() - start) / max(1, len(requests))
        return [
            Written(draft.text, draft.finished, each.length, each.length - new, draft.count, share, each.dropped)
            for draft, each, new in zip(drafts, prompts, fresh, strict=True)
        ]

    def _answers(self, queries: list[Encoded], fresh: list[int], pin: bool = False) -> Answers:
        if not self._invariant:
            yield from together(self.network, queries, fresh, pin)
            return
        for index, query in enumerate(queries):
            yield from alone(self.network, index, query, fresh)

    def _pinned(self, queries: list[Encoded], fresh: list[int]) -> Answers:
        return self._answers(queries, fresh, pin=True)

    @cached_property
    def _spellings(self) -> dict[int, bytes]:
        return spellings(self._tokenizer)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """The tokens that end a text."""
        stated = getattr(self.module.generation_config, "eos_token_id", None)
        ends = {self._tokenizer.eos_token_id, *(stated if isinstance(stated, list) else [stated])} - {None}
        return np.array(sorted(ends), dtype=np.int64)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """One call at a time, with the interventions in place."""
        with self._lock, torch.inference_mode():
            handles = [handle for each in self._interventions for handle in each.install(self.module)]
            try:
                self.network.begin()
                yield
                self.network.end()
            finally:
                for handle in handles:
                    handle.remove()
