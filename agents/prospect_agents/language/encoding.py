"""From text to token ids: segment by segment, inside a chat template or not, within what the model holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import Any, NamedTuple

from prospect_agents.language.chat import Around, around
from prospect_agents.language.model import Query, Request
from prospect_agents.language.rows import Encoded, Tokens
from prospect_env.core.errors import ModelError

OVERFLOW = ("error", "drop_oldest")


class Capacity(NamedTuple):
    """The longest text that a model can be given whole, in tokens, and the entry of its configuration that says so."""

    tokens: int
    stated: str


class Encoder:
    """Tokenises what is asked.

    Text never turns into control tokens, whatever it spells: only a chat template writes these.

    Args:
        tokenizer: from transformers.
        name: how messages call the model.
        capacity: how many tokens the model holds.
        overflow: what happens to longer prompts: `error`, or `drop_oldest`, which leaves out whole segments, the oldest
            first and never the first of all (the rules). It leaves out a little more than needed, in steps, so that a
            growing text does not begin anew every time.
    """

    def __init__(self, tokenizer: Any, name: str, capacity: Capacity, overflow: str = "error") -> None:
        self._tokenizer, self._name, self._overflow = tokenizer, name, overflow
        self._longest, self._stated = capacity
        bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        begun = tokenizer("a").input_ids[:1]
        self._start: Tokens = (bos,) if bos is not None and begun == [bos] else ()
        self._blank: Tokens = self._start or tuple(token for token in (bos, eos) if token is not None)[:1]
        self.tokens = lru_cache(maxsize=1 << 16)(self._tokens)

    def query(self, query: Query) -> Encoded:
        """A query in token ids.

        Raises:
            ModelError: an empty prompt or label where the model needs something to go on; a prompt that is too long; a
                label that begins another, so that its probability includes the other's.
        """
        labels = tuple(map(self.tokens, query.labels))
        if not all(labels):
            raise ModelError(f"{self._name} has no token for one of the labels {query.labels}")
        spelt = sorted(zip(labels, query.labels, strict=True))
        for (short, one), (long, other) in pairwise(spelt):
            if long[: len(short)] == short:
                raise ModelError(
                    f"labels {one!r} (tokens {list(short)}) and {other!r} (tokens {list(long)}) of {self._name} begin "
                    "alike to the end of the first, which would count both; end labels with what follows them, such as "
                    "a full stop or a new line, or choose others"
                )
        return self._prompt(query, max(map(len, labels)) - 1)._replace(labels=labels)

    def request(self, request: Request) -> Encoded:
        """A request in token ids, with room for what may be written; raises `ModelError` as `query`."""
        return self._prompt(request, request.limit - 1)

    def _prompt(self, asked: Query | Request, room: int) -> Encoded:
        texts: Sequence[str] = (*asked.context, asked.tail)
        before: Tokens = self._start
        after: Tokens = ()
        if asked.chat:
            texts = self._around.words(texts)
            before, after = self._control(self._around.before), self._control(self._around.after)
        *parts, tail = map(self.tokens, texts)
        if not (before or any(parts) or tail):
            before = self._blank
        if not (before or any(parts) or tail):
            raise ModelError(f"{self._name} has no token for an empty prompt")
        tail += after
        parts, dropped = self._fit(parts, len(before) + len(tail) + room)
        parts = [part for part in (before, *parts) if part]
        return Encoded(tuple(chain(*parts)), tail, parts=tuple(parts), dropped=dropped)

    def _fit(self, parts: list[Tokens], other: int) -> tuple[list[Tokens], int]:
        """The segments that fit beside `other` tokens, and how many tokens were left out."""
        length = sum(map(len, parts)) + other
        excess = length - self._longest
        if excess <= 0:
            return parts, 0
        first, *rest = parts or [()]
        if self._overflow == "error" or sum(map(len, rest)) < excess:
            raise ModelError(
                f"a prompt of {length} tokens; {self._name} holds at most {self._longest}"
                + (f" ({self._stated})" if self._stated else "")
                + ("" if self._overflow == "drop_oldest" else "; overflow=drop_oldest would leave out the oldest")
            )
        step, dropped, count = max(1, self._longest // 16), 0, 0
        while count < len(rest) and dropped < -(-excess // step) * step:
            dropped += len(rest[count])
            count += 1
        return [first, *rest[count:]], dropped

    @cached_property
    def _around(self) -> Around:
        return around(self._tokenizer, self._name)

    @lru_cache(maxsize=4)  # noqa: B019 - an encoder lives as long as its model
    def _control(self, text: str) -> Tokens:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _tokens(self, text: str) -> Tokens:
        return tuple(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)
