"""`Budget`: what may be spent on language models, in tokens and in money, and what has been.

Each seat can have one, and a run has one that all its seats draw on: `within(budget)` says which that is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from prospect_env.core.errors import BadParameter, BudgetSpent, ModelError


class Expense(NamedTuple):
    """Tokens, read and written together, and money."""

    tokens: int
    cost: float


class Budget:
    """Limits, and what has been spent so far; safe to share between threads.

    Whoever is about to spend asks within `question`, and calls `spend` with what each request came to. What a question
    costs is known only afterwards, and one that was begun is answered whole. Those under way are reckoned to cost as
    much as the dearest so far, and another is begun only if even then something is left: else it waits for them. So a
    budget is exceeded by less than one question, however many are asked at once, unless one is dearer than all before.

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
        self._changed = threading.Condition()
        self._under_way: dict[int, Expense] = {}
        self._dearest: Expense | None = None

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

    @contextmanager
    def question(self, priced: bool = True) -> Iterator[None]:
        """What this thread spends inside is the cost of one question; raises as `require`, having waited its turn."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way or self._is_left())
            self.require(priced)
            self._under_way[me] = Expense(0, 0.0)
        try:
            yield
        finally:
            with self._changed:
                cost, most = self._under_way.pop(me), self._dearest or Expense(0, 0.0)
                self._dearest = Expense(max(cost.tokens, most.tokens), max(cost.cost, most.cost))
                self._changed.notify_all()

    def _is_left(self) -> bool:
        """Whether something is left if every question under way becomes as dear as the dearest one so far."""
        if self._dearest is None:
            # The first question tells what questions cost.
            return not self.limited
        most = self._dearest
        tokens = sum(max(most.tokens - each.tokens, 0) for each in self._under_way.values())
        cost = sum(max(most.cost - each.cost, 0.0) for each in self._under_way.values())
        enough = self.tokens is None or self.spent_tokens + tokens < self.tokens
        return enough and (self.cost is None or self.spent_cost + cost < self.cost)

    def spend(self, tokens: int, cost: float | None) -> None:
        """Note an expense."""
        with self._changed:
            self.spent_tokens += tokens
            self.spent_cost += cost or 0.0
            mine = self._under_way.get(threading.get_ident())
            if mine is not None:
                self._under_way[threading.get_ident()] = Expense(mine.tokens + tokens, mine.cost + (cost or 0.0))


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
