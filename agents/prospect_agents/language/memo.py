"""Ask every question once: a memory of answers around any language model.

The same memory, filled from the calls a run recorded, replays that run bit for bit without any weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from prospect_agents.language.model import LanguageModel, Query, Request, Scored, Writer, Written
from prospect_env.core.errors import ModelError
from prospect_env.core.policy import Call


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


class Answer(NamedTuple):
    """What was said to a question: its key, the answer with its cost, and whether it was known already."""

    key: str
    said: Any
    known: bool


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
        self._identity = identity
        self.entries: dict[str, Scored | Written] = {}
        self._expected: dict[str, Query] = {}
        self._asked = False  # since something was last expected
        self._unclaimed: set[str] = set()
        self.preload(entries or {})

    @property
    def identity(self) -> str:
        """Of the model that gave the answers."""
        return self._model.identity if self._model is not None else str(self._identity)

    def recognise(self, identities: Iterable[str]) -> None:
        """Say under which identities answers were recorded, to a model that learns its own only by being reached."""
        recognise = getattr(self._model, "recognise", None)
        if recognise is not None:
            recognise(identities)

    @property
    def writes(self) -> bool:
        """Whether it can write: the model can, or there is none and what was written is among the entries."""
        return self._model is None or isinstance(self._model, Writer)

    @property
    def full_support(self) -> bool:
        """As the model's; False where it does not say, and without one."""
        return getattr(self._model, "full_support", False)

    def forget(self) -> None:
        """Drop what the model keeps between calls only to be faster; answers are still remembered."""
        self._expected, self._unclaimed = {}, set()
        forget = getattr(self._model, "forget", None)
        if forget is not None:
            forget()

    def preload(self, entries: Mapping[str, ArrayLike | Scored | Written]) -> None:
        """Remember these answers too; what is known already stays."""
        self.entries = {key: _as_answer(value) for key, value in entries.items()} | self.entries

    def recorded(self, calls: Iterable[Call]) -> None:
        """Remember what these recorded calls were answered."""
        self.preload({call.prompt_hash: _as_scored(call) if call.labels else _as_written(call) for call in calls})

    def expect(self, queries: Sequence[Query]) -> None:
        """Say that these will be asked: the next questions that the model is asked go to it together with them.

        What was expected before the last question and has not been asked since is expected no more.
        """
        if self._asked:
            self._expected, self._asked = {}, False
        if self._model is not None:
            hashed = {prompt_hash(self.identity, query): query for query in queries}
            self._expected |= {key: query for key, query in hashed.items() if key not in self.entries}

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """As the wrapped model; what is remembered costs nothing (all its tokens cached, none out, no latency).

        Raises:
            ModelError: replaying without a model, and a question was not recorded.
        """
        return [answer.said for answer in self.recall(queries, "score")]

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """As the wrapped model, and as `score`; raises `ModelError` for a model that scores labels only."""
        return [answer.said for answer in self.recall(requests, "write")]

    def recall(self, asked: Sequence[Any], how: Literal["score", "write"]) -> list[Answer]:
        """What the model says, or said; raises as `score` and `write`."""
        self._asked = True
        # The same question may be asked many times over, by many thoughts of one moment.
        hashed = {id(each): prompt_hash(self.identity, each) for each in {id(each): each for each in asked}.values()}
        hashes = [hashed[id(each)] for each in asked]
        # One call for all misses, in their order: the model below shares work between equal contexts.
        misses = {key: each for key, each in zip(hashes, asked, strict=True) if key not in self.entries}
        if misses:
            self._ask(misses, how)
        answers = []
        for key, each in zip(hashes, asked, strict=True):
            said = self.entries[key]
            _check(key, each, said)
            # The first to get an answer bears its cost; every repetition is free.
            fresh = key in self._unclaimed
            self._unclaimed.discard(key)
            free = said if fresh else replace(said, tokens_cached=said.tokens_in, tokens_out=0, latency=0.0)
            answers.append(Answer(key, free, not fresh))
        return answers

    def _ask(self, misses: dict[str, Any], how: str) -> None:
        if self._model is None:
            each = next(iter(misses.values()))
            raise ModelError(
                f"{len(misses)} questions are not among the {len(self.entries)} recorded answers of {self.identity}; "
                f"the first ends in {each.tail[-60:]!r}"
            )
        if how == "write" and not isinstance(self._model, Writer):
            raise ModelError(f"{self.identity} scores labels and cannot write")
        if how == "score":
            misses = self._expected | misses
            self._expected = {}
        self.entries.update(zip(misses, getattr(self._model, how)(list(misses.values())), strict=True))
        self._unclaimed |= misses.keys()


def _check(key: str, asked: Query | Request, said: Scored | Written) -> None:
    """Raise `ModelError` where a recorded answer is none to this question."""
    if isinstance(asked, Query) != isinstance(said, Scored):
        raise ModelError(f"answer {key} is {type(said).__name__}, which a {type(asked).__name__} does not ask for")
    if isinstance(asked, Query) and isinstance(said, Scored) and len(said.logprobs) != len(asked.labels):
        raise ModelError(f"answer {key} has {len(said.logprobs)} log-probabilities for labels {asked.labels}")


def _as_scored(call: Call) -> Scored:
    said = np.array(call.logprobs)
    return Scored(said, call.tokens_in, call.tokens_cached, call.tokens_out, call.latency, call.tokens_dropped)


def _as_written(call: Call) -> Written:
    cost = call.tokens_in, call.tokens_cached, call.tokens_out, call.latency, call.tokens_dropped
    return Written(call.text, True, *cost)


def _as_answer(value: ArrayLike | Scored | Written) -> Scored | Written:
    if isinstance(value, Scored | Written):
        return value
    return Scored(np.asarray(value, dtype=np.float64), 0, 0, 0, 0.0)
