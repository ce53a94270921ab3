"""Ways to ask about a moment of a game: about its rules, what choices pay, and who did what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

import numpy as np

from prospect_agents.language.asked import Past
from prospect_agents.language.formats import Telling
from prospect_agents.language.scenes import Scene
from prospect_agents.language.summary import tallied
from prospect_agents.language.wording import amounts, called, deeds, foreign, oneself, tells_length, tells_payoffs
from prospect_env.games.layers import fixed_rounds


class Drawn(NamedTuple):
    """A scene as it is told, the luck that picks what to ask of it, and how often that has been asked in this way.

    Of the steps in `past` those before `past.first` are not told. Where they are `counted`, it is told how often each
    last action was answered by what.
    """

    scene: Scene
    telling: Telling
    past: Past
    counted: bool
    luck: Random
    turn: int


class Asking(NamedTuple):
    """What is asked: the words, the right answer, what else could be, and whose history is told before it."""

    words: str
    right: str
    others: tuple[str, ...]
    about: int


Asker = Callable[[Drawn], Asking | None]  #: None where there is nothing of its kind to ask of this scene


def _may(drawn: Drawn) -> Asking | None:
    """Whether something may be chosen: it may half of the time."""
    scene, telling, luck, turn = drawn.scene, drawn.telling, drawn.luck, drawn.turn
    if scene.seat not in scene.active:
        return None
    legal = scene.legal(scene.seat)
    inside = tuple(telling.symbols[action] for action in legal)
    outside = foreign(telling) or tuple(symbol for symbol in telling.symbols if symbol not in inside)
    if not outside:
        return None
    right = turn % 4 < 2
    words = f"May {oneself(telling)} choose {luck.choice(inside if right else outside)} now"
    return Asking(words, "yes" if right else "no", ("no" if right else "yes",), scene.seat)


def _players(drawn: Drawn) -> Asking | None:
    """How many there are."""
    return _counted(drawn, "How many players are there in all", drawn.scene.game.spec.seats, drawn.scene.seat)


def _left(drawn: Drawn) -> Asking | None:
    """How many rounds are still to come, where their number is told and certain, and so are those that are over."""
    scene = drawn.scene
    rounds = fixed_rounds(scene.game)
    if rounds is None or drawn.past.first > 0 or not tells_length(drawn.telling) or scene.game.continuation < 1:
        return None
    return _counted(drawn, "How many rounds are left, the present one included", rounds - scene.rounds, scene.seat)


def _paid(drawn: Drawn) -> Asking | None:
    """What one gets for one joint choice."""
    scene, telling, luck = drawn.scene, drawn.telling, drawn.luck
    if not tells_payoffs(telling) or len(np.unique(scene.pays)) < 2:
        return None
    way = luck.randrange(len(scene.ways))
    words = f"{_happens(telling, scene.ways[way])} What does it bring {oneself(telling, True)}"
    return _amount(scene, telling, words, float(scene.pays[way]))


def _most(drawn: Drawn) -> Asking | None:
    """The most that one can get where one of those who choose now chooses something, and as often the least."""
    scene, telling, luck, turn = drawn.scene, drawn.telling, drawn.luck, drawn.turn
    if not tells_payoffs(telling) or len(np.unique(scene.pays)) < 2:
        return None
    who = luck.choice(scene.active)
    action = luck.choice(scene.legal(who))
    pays = scene.pays[[way[who] == action for way in scene.ways]]
    if len(np.unique(pays)) < 2:
        return None
    happens = _happens(telling, [action if seat == who else -1 for seat in range(scene.game.spec.seats)])
    words = f"{happens} What is the {'least' if turn % 2 else 'most'} that it can bring {oneself(telling, True)}"
    return _amount(scene, telling, words, float(pays.min() if turn % 2 else pays.max()))


def _happens(telling: Telling, actions: Sequence[int]) -> str:
    return f"Suppose that this happens now. {deeds(telling, actions)}"


def _amount(scene: Scene, telling: Telling, words: str, pay: float) -> Asking:
    possible = [float(value) for value in np.unique(scene.pays)]
    told = dict(zip(possible, amounts(telling, possible), strict=True))
    return Asking(words, told[pay], tuple(told[value] for value in possible if value != pay), scene.seat)


def _counted(drawn: Drawn, words: str, right: int, about: int) -> Asking | None:
    """A question for a number, among two others: as often the least of them, the middle one and the largest."""
    first = right - drawn.turn % 3
    others = tuple(str(count) for count in range(first, first + 3) if count != right)
    return Asking(words, str(right), others, about) if first >= 0 else None


def _done(drawn: Drawn) -> Asking | None:
    """What somebody chose at some time that is told, counted from the end where the beginning is not told."""
    telling, luck = drawn.telling, drawn.luck
    who = _somebody(drawn)
    if who is None:
        return None
    times = _times(drawn, who)
    time = luck.randrange(len(times))
    right = times[time]
    others = tuple(symbol for action, symbol in enumerate(telling.symbols) if action != right)
    when = _ordinal(time + 1) if drawn.past.first == 0 else _from_the_end(len(times) - time)
    words = f"What did {_name(drawn, who)} choose the {when} time"
    return Asking(words, telling.symbols[right], others, who)


def _often(drawn: Drawn) -> Asking | None:
    """How often somebody chose something: in all, or among the choices that are told, or as an answer if counted."""
    telling, luck = drawn.telling, drawn.luck
    who = _somebody(drawn)
    if who is None:
        return None
    times = _times(drawn, who)
    if drawn.past.first > 0 and drawn.counted:
        tally = tallied(telling, drawn.past, who)
        if not tally:
            return None
        given = luck.choice(sorted(tally))
        action = luck.choice(sorted(tally[given]))
        words = f"choose {telling.symbols[action]} after {telling.symbols[given]} so far"
        return _counted(drawn, f"How often did {_name(drawn, who)} {words}", tally[given][action], who)
    if drawn.past.first > 0 and len(times) == 1:
        return None
    action = luck.choice(sorted(set(times)))
    when = "so far" if drawn.past.first == 0 else f"the last {len(times)} times"
    words = f"How often did {_name(drawn, who)} choose {telling.symbols[action]} {when}"
    return _counted(drawn, words, times.count(action), who)


#: the ways to ask of each kind
ASKED: dict[str, Sequence[Asker]] = {
    "rules": (_may, _players, _left),
    "payoffs": (_paid, _most),
    "history": (_done, _often),
}


def _times(drawn: Drawn, who: int) -> tuple[int, ...]:
    """All choices of a seat that are told one by one, in order."""
    told = drawn.past.moments[drawn.past.first :]
    return tuple(moment.seen[who] for moment in told if moment.seen[who] >= 0)


def _somebody(drawn: Drawn) -> int | None:
    acted = [seat for seat in range(drawn.scene.game.spec.seats) if _times(drawn, seat)]
    return drawn.luck.choice(acted) if acted else None


def _name(drawn: Drawn, who: int) -> str:
    return oneself(drawn.telling) if who == drawn.scene.seat else called(drawn.telling, who)


def _from_the_end(number: int) -> str:
    return "last" if number == 1 else f"{_ordinal(number)} to last"


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"
