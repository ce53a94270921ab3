"""What a server sent back, read strictly: a key that is missing or of the wrong type is an error, not a default."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from prospect_env.core.errors import ModelError

Tops = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Choice:
    """One of a reply's answers.

    Attributes:
        text: what was written.
        finished: False where the limit of tokens ended it.
        tops: by position, the likeliest tokens and their log-probabilities; None if the server gave none. Two may be
            spelt alike: not every token is text.
        tokens: every token and its log-probability (None for the very first of a prompt), in the shape that can hold
            the prompt's; None if the server gave none in that shape.
    """

    text: str
    finished: bool
    tops: tuple[Tops, ...] | None
    tokens: tuple[tuple[str, float | None], ...] | None


@dataclass(frozen=True)
class Reply:
    """A server's reply to one request.

    Attributes:
        model: the name the server gives the model that answered.
        choices: answers, in the order of the prompts.
        usage: tokens read, of those cached, and tokens written; None if the server does not say.
        latency: seconds, with all attempts.
    """

    where: str
    model: str
    choices: tuple[Choice, ...]
    usage: tuple[int, int, int] | None = None
    latency: float = field(default=0.0, compare=False)

    @property
    def tokens_in(self) -> int:
        return self.usage[0] if self.usage else 0

    @property
    def tokens_cached(self) -> int:
        return self.usage[1] if self.usage else 0

    @property
    def tokens_out(self) -> int:
        return self.usage[2] if self.usage else 0

    @classmethod
    def read(cls, where: str, text: str, latency: float = 0.0) -> Reply:
        """The reply in this JSON text; raises `ModelError` that says where it is malformed."""
        try:
            body = json.loads(text)
        except ValueError as error:
            raise ModelError(f"{where} answered with what is not JSON ({error}): {text[:80]!r}") from error
        part = _Part(where, "the reply", body)
        model = part.get("model", str)
        listed = [_Part(where, "a choice", each) for each in part.get("choices", list)]
        if not listed:
            raise ModelError(f"{where}: the reply has no choices")
        ordered = sorted(listed, key=lambda each: each.get("index", int))
        return cls(where, model, tuple(map(_choice, ordered)), _usage(part), latency)


@dataclass(frozen=True)
class _Part:
    """A piece of a reply, and what it is called in complaints."""

    where: str
    name: str
    value: Any

    def get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        if not isinstance(self.value, dict):
            raise ModelError(f"{self.where}: {self.name} is {type(self.value).__name__}, not an object")
        if key not in self.value:
            raise ModelError(f"{self.where}: {self.name} has no {key!r}; it has {', '.join(map(repr, self.value))}")
        found = self.value[key]
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise ModelError(f"{self.where}: {key!r} of {self.name} is {found!r:.60}, of the wrong type")
        return found

    def optional(self, key: str, kind: type | tuple[type, ...]) -> Any:
        absent = isinstance(self.value, dict) and self.value.get(key) is None
        return None if absent else self.get(key, kind)


def _usage(part: _Part) -> tuple[int, int, int] | None:
    given = part.optional("usage", dict)
    if given is None:
        return None
    usage = _Part(part.where, "usage", given)
    details = usage.optional("prompt_tokens_details", dict) or {}
    cached = _Part(part.where, "prompt_tokens_details", details).optional("cached_tokens", int) or 0
    return usage.get("prompt_tokens", int), cached, usage.optional("completion_tokens", int) or 0


def _choice(part: _Part) -> Choice:
    message = part.optional("message", dict)
    if message is None:
        text = part.get("text", str)
    else:
        text = _Part(part.where, "a message", message).optional("content", str) or ""
    finished = part.optional("finish_reason", str) != "length"
    given = part.optional("logprobs", dict)
    if given is None:
        return Choice(text, finished, None, None)
    logprobs = _Part(part.where, "logprobs", given)
    content = logprobs.optional("content", list)
    if content is not None:
        return Choice(text, finished, tuple(_listed(_Part(part.where, "a token", each)) for each in content), None)
    tokens = logprobs.optional("tokens", list)
    if tokens is None:
        return Choice(text, finished, None, None)
    values = [None if each is None else _number(part.where, each) for each in logprobs.get("token_logprobs", list)]
    if len(values) != len(tokens):
        raise ModelError(f"{part.where}: {len(tokens)} tokens have {len(values)} log-probabilities")
    tops = logprobs.optional("top_logprobs", list)
    read = None if tops is None else tuple(_mapped(part.where, each) for each in tops)
    return Choice(text, finished, read, tuple(zip(map(str, tokens), values, strict=True)))


def _listed(token: _Part) -> Tops:
    """The chat endpoint's shape (llama.cpp's for both): a list of objects."""
    tops = [_Part(token.where, "a top token", each) for each in token.optional("top_logprobs", list) or []]
    return tuple((top.get("token", str), _number(token.where, top.get("logprob", (int, float)))) for top in tops)


def _mapped(where: str, given: Any) -> Tops:
    """The completions endpoint's shape: a mapping, or null where there is nothing before."""
    if given is None:
        return ()
    if not isinstance(given, dict):
        raise ModelError(f"{where}: 'top_logprobs' holds {type(given).__name__}, not objects")
    return tuple((str(token), _number(where, value)) for token, value in given.items())


def _number(where: str, value: Any) -> float:
    # A little above 0 is rounding; more is no log-probability.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value <= 1e-3:
        raise ModelError(f"{where}: {value!r} is no log-probability")
    return min(float(value), 0.0)
