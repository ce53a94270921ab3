"""A language model for tests: no weights, no torch, but it does learn from its context.

It counts how often each label has followed the same recent words and believes the longest match most, which is what
the induction heads of a real model do. Reaction logs ("A -> B" lines) therefore work with it as they do with weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain

import numpy as np

from prospect_agents.language.model import Query, Request, Scored, Written

_WORD = re.compile(r"\w+|[^\w\s]+|\n")


class FakeModel:
    """Interpolated n-gram model over words, deterministic, the same for a query wherever and whenever it is asked.

    P_n(label) = (count after the last n words + strength P_{n-1}(label)) / (all counts + strength), P_{-1} uniform:
    the longest matching history dominates and shorter ones smooth it. Then a tie-break of at most one part in a
    thousand that depends on prompt and label alone, and a label mass of `mass`.

    Args:
        order: longest history, in words.
        strength: how much weight the next shorter history gets.
        mass: what the label probabilities sum to, below 1 as in real models.
    """

    def __init__(self, order: int = 6, strength: float = 1.0, mass: float = 0.97) -> None:
        self._order, self._strength, self._mass = order, strength, mass
        self.identity = f"fake-1(order={order}, strength={strength}, mass={mass})"

    @property
    def full_support(self) -> bool:
        return True

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        return [self._score(query) for query in queries]

    def write(self, requests: Sequence[Request]) -> list[Written]:
        return [self._write(request) for request in requests]

    def _write(self, request: Request) -> Written:
        """Words on from the prompt, each the likeliest so far; under a schema, a number for each of its properties."""
        words = list(chain.from_iterable(map(_words, (*request.context, request.tail))))
        if request.schema is not None:
            names = tuple(json.loads(request.schema)["properties"])
            shares = self._score(Query(request.context, request.tail, names)).probs
            text = json.dumps({name: round(float(share), 2) for name, share in zip(names, shares, strict=True)})
            return Written(text, True, len(words), 0, len(_words(text)), 0.0)
        said: list[str] = []
        while len(said) < request.limit:
            known = sorted(set(words) | set(said)) or ["."]
            counts = self._counts(words + said, [(word,) for word in known])
            said.append(known[int(np.argmax(counts.T @ (4.0 ** np.arange(len(counts)))))])
            ends = [place for stop in request.stop if (place := " ".join(said).find(stop)) >= 0]
            if ends:
                return Written(" ".join(said)[: min(ends)].strip(), True, len(words), 0, len(said), 0.0)
        return Written(" ".join(said), False, len(words), 0, len(said), 0.0)

    def _score(self, query: Query) -> Scored:
        # Segments are split one by one, as a real tokeniser would be asked to; that also makes them cacheable.
        words = list(chain.from_iterable(map(_words, (*query.context, query.tail))))
        labels = [_words(label) or (label,) for label in query.labels]
        counts = self._counts(words, labels)
        share = np.full(len(labels), 1 / len(labels))
        for row in counts:
            share = (row + self._strength * share) / (row.sum() + self._strength)
        share = share * (1 + 1e-3 * _noise(query))
        logprobs = np.log(self._mass * share / share.sum())
        return Scored(logprobs, len(words), 0, sum(map(len, labels)), 0.0)

    def _counts(self, words: list[str], labels: Sequence[tuple[str, ...]]) -> np.ndarray:
        """How often label k followed the last n words of the prompt: counts[n, k], shape [order + 1, K]."""
        counts = np.zeros((self._order + 1, len(labels)))
        first: dict[str, list[int]] = {}
        for k, label in enumerate(labels):
            first.setdefault(label[0], []).append(k)
        recent = words[::-1][: self._order]
        for position, word in enumerate(words):
            for k in first.get(word, ()):
                label = labels[k]
                if len(label) > 1 and tuple(words[position : position + len(label)]) != label:
                    continue
                matching = 0
                while matching < min(len(recent), position) and words[position - 1 - matching] == recent[matching]:
                    matching += 1
                counts[: matching + 1, k] += 1
        return counts


@lru_cache(maxsize=1 << 16)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _noise(query: Query) -> np.ndarray:
    """One number in [0, 1) per label, from prompt and label alone, shape [K]."""
    prompt = blake2b("".join((*query.context, query.tail)).encode(), digest_size=8).digest()
    digests = [blake2b(label.encode(), digest_size=8, key=prompt).digest() for label in query.labels]
    return np.array([int.from_bytes(digest, "little") / 2**64 for digest in digests])
