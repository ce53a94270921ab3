"""Ways to ask about a moment of a game: about its rules, what choices pay, and who did what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

import numpy as np

from prospect_agents.language.formats import Telling
from prospect_agents.language.scenes import Scene
from prospect_agents.language.wording import amounts, called, deeds, foreign, oneself, tells_length, tells_payoffs
from prospect_env.games.layers import fixed_rounds


class Drawn(NamedTuple):
    """A scene as it is told, the luck that picks what to ask of it, and how often that has been asked in this way."""

    scene: Scene
    telling: Telling
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
    scene, telling, luck, turn = drawn
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
    """How many rounds are still to come, where their number is told and certain."""
    scene = drawn.scene
    rounds = fixed_rounds(scene.game)
    if rounds is None or not tells_length(drawn.telling) or scene.game.continuation < 1:
        return None
    return _counted(drawn, "How many rounds are left, the present one included", rounds - scene.rounds, scene.seat)


def _paid(drawn: Drawn) -> Asking | None:
    """What one gets for one joint choice."""
    scene, telling, luck, _ = drawn
    if not tells_payoffs(telling) or len(np.unique(scene.pays)) < 2:
        return None
    way = luck.randrange(len(scene.ways))
    words = f"{_happens(telling, scene.ways[way])} What does it bring {oneself(telling, True)}"
    return _amount(scene, telling, words, float(scene.pays[way]))


def _most(drawn: Drawn) -> Asking | None:
    """The most that one can get where one of those who choose now chooses something, and as often the least."""
    scene, telling, luck, turn = drawn
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
    """What somebody chose at some time."""
    scene, telling, luck, _ = drawn
    who = _somebody(scene, luck)
    if who is None:
        return None
    time = luck.randrange(len(scene.times(who)))
    right = scene.times(who)[time]
    others = tuple(symbol for action, symbol in enumerate(telling.symbols) if action != right)
    words = f"What did {_name(scene, telling, who)} choose the {_ordinal(time + 1)} time"
    return Asking(words, telling.symbols[right], others, who)


def _often(drawn: Drawn) -> Asking | None:
    """How often somebody chose something."""
    scene, telling, luck, _ = drawn
    who = _somebody(scene, luck)
    if who is None:
        return None
    action = luck.choice(sorted(set(scene.times(who))))
    words = f"How often did {_name(scene, telling, who)} choose {telling.symbols[action]} so far"
    return _counted(drawn, words, scene.times(who).count(action), who)


#: the ways to ask of each kind
ASKED: dict[str, Sequence[Asker]] = {
    "rules": (_may, _players, _left),
    "payoffs": (_paid, _most),
    "history": (_done, _often),
}


def _somebody(scene: Scene, luck: Random) -> int | None:
    acted = [seat for seat in range(scene.game.spec.seats) if scene.times(seat)]
    return luck.choice(acted) if acted else None


def _name(scene: Scene, telling: Telling, who: int) -> str:
    return oneself(telling) if who == scene.seat else called(telling, who)


def _ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"
