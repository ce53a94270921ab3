"""Ask every question once: a memory of answers around any language model.

The same memory, filled from the calls a run recorded, replays that run bit for bit without any weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from prospect_agents.language.model import LanguageModel, Query, Request, Scored, Writer, Written
from prospect_env.core.errors import ModelError


def prompt_hash(identity: str, asked: Query | Request) -> str:
    """32 hex digits that depend on the model's identity and on every part of what is asked, stable across machines."""
    digest = blake2b(digest_size=16)
    if isinstance(asked, Query):
        rest: tuple[object, ...] = asked.labels
    else:
        rest = ("write", asked.limit, asked.schema or "", asked.temperature, asked.seed, *asked.stop)
    # Every part is preceded by its length, so that moving text between parts changes the hash.
    for part in (identity, len(asked.context), *asked.context, asked.tail, *rest, *["chat"] * asked.chat):
        data = str(part).encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


class MemoModel:
    """A model that remembers, so that identical questions reach the wrapped model once.

    Args:
        model: the model to ask, or None to answer from `entries` alone.
        entries: answers known beforehand, prompt hash -> log-probabilities [K] (or a whole `Scored` or `Written`).
        identity: of the model that gave `entries`; needed, and allowed, only without a model.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        entries: Mapping[str, ArrayLike | Scored | Written] | None = None,
        identity: str | None = None,
    ) -> None:
        if (model is None) == (identity is None):
            raise ValueError("give either a model or, to replay without one, the identity of the recorded one")
        self._model = model
        self.identity: str = model.identity if model is not None else str(identity)
        self.entries: dict[str, Scored | Written] = {}
        self.preload(entries or {})

    def forget(self) -> None:
        """Drop what the model keeps between calls only to be faster; answers are still remembered."""
        forget = getattr(self._model, "forget", None)
        if forget is not None:
            forget()

    def preload(self, entries: Mapping[str, ArrayLike | Scored | Written]) -> None:
        """Remember these answers too; what is known already stays."""
        self.entries = {key: _as_answer(value) for key, value in entries.items()} | self.entries

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """As the wrapped model; what is remembered costs nothing (all its tokens cached, none out, no latency).

        Raises:
            ModelError: replaying without a model, and a question was not recorded.
        """
        answers: list[Scored] = self._answers(queries, "score", Scored)
        for query, answer in zip(queries, answers, strict=True):
            if len(answer.logprobs) != len(query.labels):
                key = prompt_hash(self.identity, query)
                raise ModelError(f"answer {key} has {len(answer.logprobs)} log-probabilities for labels {query.labels}")
        return answers

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """As the wrapped model, and as `score`; raises `ModelError` for a model that scores labels only."""
        if self._model is not None and not isinstance(self._model, Writer):
            raise ModelError(f"{self.identity} scores labels and cannot write")
        return self._answers(requests, "write", Written)

    def _answers(self, asked: Sequence[Any], how: str, kind: type[Any]) -> list[Any]:
        hashes = [prompt_hash(self.identity, each) for each in asked]
        # One call for all misses, in their order: the model below shares work between equal contexts.
        misses = {key: each for key, each in zip(hashes, asked, strict=True) if key not in self.entries}
        if misses and self._model is None:
            each = next(iter(misses.values()))
            raise ModelError(
                f"{len(misses)} of {len(asked)} questions are not among the {len(self.entries)} recorded answers of "
                f"{self.identity}; the first ends in {each.tail[-60:]!r}"
            )
        if misses:
            self.entries.update(zip(misses, getattr(self._model, how)(list(misses.values())), strict=True))
        answers = []
        for key in hashes:
            answer = self.entries[key]
            if not isinstance(answer, kind):
                raise ModelError(f"answer {key} is a {type(answer).__name__}; {how} asks for a {kind.__name__}")
            # The asked copy keeps its cost; every repetition is free.
            fresh = misses.pop(key, None) is not None
            answers.append(
                answer if fresh else replace(answer, tokens_cached=answer.tokens_in, tokens_out=0, latency=0.0)
            )
        return answers


def _as_answer(value: ArrayLike | Scored | Written) -> Scored | Written:
    if isinstance(value, Scored | Written):
        return value
    return Scored(np.asarray(value, dtype=np.float64), 0, 0, 0, 0.0)
