"""`Budget`: what may be spent on language models, in tokens and in money, and what has been.

Each seat can have one, and a run has one that all its seats draw on: `within(budget)` says which that is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prospect_env.core.errors import BadParameter, BudgetSpent, ModelError


class Budget:
    """Limits, and what has been spent so far; safe to share between threads.

    Whoever is about to spend calls `require` first and `spend` with what it came to. What a request costs is known only
    afterwards, so a budget can be exceeded by the requests that were under way when it ran out.

    Args:
        name: what messages call it.
        tokens: most tokens, read and written together; None is no limit.
        cost: most money; None is no limit.
    """

    def __init__(self, name: str, tokens: int | None = None, cost: float | None = None) -> None:
        for what, limit in (("tokens", tokens), ("cost", cost)):
            if limit is not None and (isinstance(limit, bool | str) or not limit > 0):
                raise BadParameter(f"{name}: {what} is {limit!r}; it must be above 0")
        self.name, self.tokens, self.cost = name, tokens, cost
        self.spent_tokens, self.spent_cost = 0, 0.0
        self._lock = threading.Lock()

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self.tokens is not None or self.cost is not None

    def require(self, priced: bool = True) -> None:
        """Raise `BudgetSpent` if nothing is left, and `ModelError` if money is counted and there are no prices."""
        if self.cost is not None and not priced:
            raise ModelError(f"{self.name} is in money, but the model has no prices; give price_in and price_out")
        for spent, limit, unit in ((self.spent_tokens, self.tokens, "tokens"), (self.spent_cost, self.cost, "money")):
            if limit is not None and spent >= limit:
                raise BudgetSpent(
                    f"{self.name} is spent: {spent:.6g} of {limit:.6g} ({unit}); what was answered is kept, "
                    "so go on with --resume and a larger budget"
                )

    def spend(self, tokens: int, cost: float | None) -> None:
        """Note an expense."""
        with self._lock:
            self.spent_tokens += tokens
            self.spent_cost += cost or 0.0


_of_the_run: ContextVar[Budget | None] = ContextVar("budget of the run", default=None)


@contextmanager
def within(budget: Budget) -> Iterator[Budget]:
    """Whatever is asked of language models inside is paid from this budget too."""
    token = _of_the_run.set(budget)
    try:
        yield budget
    finally:
        _of_the_run.reset(token)


def of_the_run() -> Budget | None:
    """The budget of the run under way, if any. Threads do not inherit it: ask before starting them."""
    return _of_the_run.get()
