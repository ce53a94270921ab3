"""`answering`: while a recorded match is played again, what its language models said, so that none need be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from prospect_env.core.policy import Call

_recorded: ContextVar[tuple[Call, ...]] = ContextVar("recorded calls of the policy being built", default=())


@contextmanager
def answering(calls: Sequence[Call]) -> Iterator[None]:
    """Policies built inside are given these recorded calls of theirs, and may answer from them alone."""
    token = _recorded.set(tuple(calls))
    try:
        yield
    finally:
        _recorded.reset(token)


def recorded() -> tuple[Call, ...]:
    """The recorded calls that a policy being built is to answer from; none unless a match is played again."""
    return _recorded.get()
