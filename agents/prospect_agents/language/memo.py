"""Ask every question once: a memory of answers around any language model.

The same memory, filled from the calls a run recorded, replays that run bit for bit without any weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike

from prospect_agents.language.model import LanguageModel, Query, Scored
from prospect_env.core.errors import ModelError


def prompt_hash(identity: str, query: Query) -> str:
    """32 hex digits that depend on the model's identity and on every part of the query, stable across machines."""
    digest = blake2b(digest_size=16)
    # Every part is preceded by its length, so that moving text between parts changes the hash.
    for part in (identity, f"{len(query.context)}", *query.context, query.tail, *query.labels):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


class MemoModel:
    """A model that remembers, so that identical questions reach the wrapped model once.

    Args:
        model: the model to ask, or None to answer from `entries` alone.
        entries: answers known beforehand, prompt hash -> log-probabilities [K] (or a whole `Scored`).
        identity: of the model that gave `entries`; needed, and allowed, only without a model.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        entries: Mapping[str, ArrayLike | Scored] | None = None,
        identity: str | None = None,
    ) -> None:
        if (model is None) == (identity is None):
            raise ValueError("give either a model or, to replay without one, the identity of the recorded one")
        self._model = model
        self.identity: str = model.identity if model is not None else str(identity)
        self.entries: dict[str, Scored] = {key: _as_scored(value) for key, value in (entries or {}).items()}

    def forget(self) -> None:
        """Drop what the model keeps between calls only to be faster; answers are still remembered."""
        forget = getattr(self._model, "forget", None)
        if forget is not None:
            forget()

    def preload(self, entries: Mapping[str, ArrayLike | Scored]) -> None:
        """Remember these answers too; what is known already stays."""
        self.entries = {key: _as_scored(value) for key, value in entries.items()} | self.entries

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """As the wrapped model; what is remembered costs nothing (all its tokens cached, none out, no latency).

        Raises:
            ModelError: replaying without a model, and a question was not recorded.
        """
        hashes = [prompt_hash(self.identity, query) for query in queries]
        # One call for all misses, in their order: the model below shares work between equal contexts.
        misses = {key: query for key, query in zip(hashes, queries, strict=True) if key not in self.entries}
        if misses and self._model is None:
            query = next(iter(misses.values()))
            raise ModelError(
                f"{len(misses)} of {len(queries)} questions are not among the {len(self.entries)} recorded answers of "
                f"{self.identity}; the first ends in {query.tail[-60:]!r}, labels {query.labels}"
            )
        if misses and self._model is not None:
            self.entries.update(zip(misses, self._model.score(list(misses.values())), strict=True))
        answers = []
        for key, query in zip(hashes, queries, strict=True):
            answer = self.entries[key]
            if len(answer.logprobs) != len(query.labels):
                raise ModelError(f"answer {key} has {len(answer.logprobs)} log-probabilities for labels {query.labels}")
            # The asked copy keeps its cost; every repetition is free.
            fresh = misses.pop(key, None) is not None
            answers.append(answer if fresh else Scored(answer.logprobs, answer.tokens_in, answer.tokens_in, 0, 0.0))
        return answers


def _as_scored(value: ArrayLike | Scored) -> Scored:
    return value if isinstance(value, Scored) else Scored(np.asarray(value, dtype=np.float64), 0, 0, 0, 0.0)
