"""A match in numbers: how often somebody answered what with what."""

from __future__ import annotations

from collections import Counter

from prospect_agents.language.asked import Asked, Past
from prospect_agents.language.formats import Telling


def counted(telling: Telling, past: Past, asked: Asked) -> str:
    """One line for each last action of the other side, `So far, after A: B 5 times, C once`; empty at the beginning."""
    tally = tallied(telling, past, asked.about)
    return "".join(
        f"So far, after {telling.symbols[given]}: "
        + ", ".join(f"{telling.symbols[done]} {_times(count)}" for done, count in sorted(tally[given].items()))
        + ".\n"
        for given in sorted(tally)
    )


def tallied(telling: Telling, past: Past, about: int) -> dict[int, Counter[int]]:
    """How often seat `about` chose what, by the last action of the other side before it."""
    others = [seat for seat in range(telling.game.spec.seats) if seat != telling.seat]
    before = telling.seat if about != telling.seat else others[0] if others else telling.seat
    tally: dict[int, Counter[int]] = {}
    last = -1
    for moment in past.moments:
        done = moment.seen[about]
        if done >= 0 and last >= 0:
            tally.setdefault(last, Counter())[done] += 1
        last = moment.seen[before] if moment.seen[before] >= 0 else last
    return tally


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
