"""How a text names players, what they do and what it brings, in whichever words a match is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from prospect_agents.language.formats import Telling
from prospect_agents.language.story_format import Told, begun
from prospect_agents.language.symbols import rules, they


def called(telling: Telling, seat: int) -> str:
    """What another seat than the one that is told is called: `they`, `player 3`, or a name of its story."""
    return str(telling.narrator.story.names[seat]) if isinstance(telling, Told) else they(telling, seat)


def oneself(telling: Telling, receiving: bool = False) -> str:
    """What the seat that is told is called: logs are its own, stories address it."""
    return "you" if isinstance(telling, Told) else "me" if receiving else "I"


def deeds(telling: Telling, actions: Sequence[int]) -> str:
    """A sentence, or several, of what everybody does in a step (-1: nothing)."""
    if isinstance(telling, Told):
        return " ".join(str(telling.narrator.event(telling.seat, list(actions))).split("\n"))
    did = {seat: telling.symbols[action] for seat, action in enumerate(actions) if action >= 0}
    said = [f"I choose {did.pop(telling.seat)}"] if telling.seat in did else []
    verb = "choose" if telling.game.spec.seats == 2 else "chooses"
    text = ", ".join([*said, *(f"{they(telling, seat)} {verb} {label}" for seat, label in did.items())])
    return f"{text[0].upper()}{text[1:]}."


def standing(telling: Telling, situation: Mapping[str, float]) -> str:
    """Where things stand, a line a number; logs in letters do not say it."""
    if not (situation and isinstance(telling, Told)):
        return ""
    return f"{telling.narrator.situation(telling.seat, situation)}\n"


def amounts(telling: Telling, pays: Sequence[float]) -> list[str]:
    """Each of several payoffs of a step as it is told: `3`, or `9 thousand dollars`."""
    if not isinstance(telling, Told):
        return [f"{pay:g}" for pay in pays]
    nobody = [-1] * telling.game.spec.seats
    lines = [str(telling.narrator.event(telling.seat, nobody, reward=pay)).strip() for pay in pays]
    return [way.strip().removesuffix(".") for way in begun(lines)[1]]


def tells_payoffs(telling: Telling) -> bool:
    """Whether the rules as they are told say what choices pay."""
    return isinstance(telling, Told) or "I get" in rules(telling)


def tells_length(telling: Telling) -> bool:
    """Whether it is told how many rounds there are."""
    return isinstance(telling, Told)


def foreign(telling: Telling) -> tuple[str, ...]:
    """Symbols that stand for nothing in a game told in letters; none in a story, or where numbers are the symbols."""
    if isinstance(telling, Told) or telling.symbols[0] not in ascii_uppercase:
        return ()
    return tuple(letter for letter in ascii_uppercase if letter not in telling.symbols)
