"""`answering`: while a recorded match is played again, what its language models said, so that none need be there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from prospect_env.core.policy import Call

_PREAMBLE = re.compile(r"/preamble=[0-9a-f]+")
_BRACKETS = re.compile(r"\([^()]*\)")


class Record(NamedTuple):
    """The one language model of a seat, and what it is recorded to have answered there."""

    identity: str
    calls: tuple[Call, ...]


_record: ContextVar[Record | None] = ContextVar("record of the policy being built", default=None)


@contextmanager
def answering(identity: str | None, calls: Sequence[Call]) -> Iterator[None]:
    """A policy that is built inside may answer from these calls alone, if its `identity` is that of one model."""
    model = None if identity is None else only_model(identity)
    token = _record.set(None if model is None else Record(model, tuple(call for call in calls if call.model == model)))
    try:
        yield
    finally:
        _record.reset(token)


def record() -> Record | None:
    """What a policy being built is to answer from; None unless a match of one model is played again."""
    return _record.get()


def only_model(identity: str) -> str | None:
    """The identity of the model in a policy's, without what is written before its prompts; None if it has several."""
    bare = without_preambles(identity)
    outside = bare
    while (fewer := _BRACKETS.sub(lambda part: "_" * len(part[0]), outside)) != outside:
        outside = fewer
    found = [place for place, character in enumerate(outside) if character == " "]
    models = {bare[begin:end] for begin, end in zip([0, *(at + 1 for at in found)], [*found, None], strict=True)}
    return models.pop() if len(models) == 1 else None


def without_preambles(identity: str) -> str:
    """An identity without the hashes of texts that are written before prompts."""
    return _PREAMBLE.sub("", identity)
