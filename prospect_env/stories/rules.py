"""The rules of a game in words: cover story, who is who, what may be done, one sentence a fact, and the aim."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from prospect_env.core.game import Game
from prospect_env.games.layers import layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.games.repeated import Repeated
from prospect_env.stories.facts import Fact, changes, facts
from prospect_env.stories.story import Story
from prospect_env.stories.telling import Telling

_BEFORE, _AFTER = ("setting", "you"), ("aim",)
#: what is said while a game is played, with the arguments it is given
TOLD_IN_PLAY = {
    "did": ("who", "action"),
    "acted": ("who", "action"),
    "said": ("who", "action"),
    "paid": ("amount",),
    "clock": ("played",),
    "situation": ("name", "value"),
    "sight": (),
    "choice": ("options",),
    "forecast": ("lead", "own_action", "who", "options"),
    "wait": (),
    "over": (),
}
#: words that point back at the sentence before, wherever they stand in a sentence, and where it begins with them
_POINTING = frozenset(("that", "this", "these", "those", "they", "them", "such"))
_BEGINNING = _POINTING.union(
    ("it", "its", "their", "theirs", "he", "him", "his", "she", "her", "hers", "so", "then", "there", "next", "later"),
    ("otherwise", "afterwards", "but", "too", "also", "again", "second", "other", "others", "same"),
    ("either", "neither", "both"),
)
_FIRST = 4  #: the words a sentence begins with
#: modifiers after which what is seen of others need not be what they chose
_NOISY = {"noise", "private_monitoring"}


def telling(game: Game, story: Story, seat: int) -> Telling:
    """`story` told to `seat` of `game`."""
    around = {name for layer in list(layers(game))[:-1] for name in changes(layer)}
    return Telling(story, seat, game.spec, added=_added(game), noisy=bool(around & _NOISY))


def outline(game: Game, seat: int) -> list[Fact]:
    """What the rules consist of, in order: what follows from the game, such as the cover story, and its facts."""
    spec, (*_, rules) = game.spec, layers(game)
    roles = len(set(spec.roles)) > 1 and not isinstance(rules, MatrixGame)
    return [
        *(Fact(name, {}) for name in _BEFORE),
        *(Fact("role", {"who": who}) for who in range(spec.seats) if roles),
        Fact("options", {"options": _options(rules, seat)}),
        *facts(game, seat),
        *(Fact(name, {}) for name in _AFTER),
    ]


def lines(game: Game, told: Telling) -> list[list[str]]:
    """The rules as lines, each of one sentence or, the cover story, of several; tables in the order of options."""
    places = told.story.places
    parts = outline(game, told.seat_told)
    cells = iter(
        sorted(
            (part for part in parts if part.name == "cell"),
            key=lambda cell: (places[cell.values["mine"]], places[cell.values["theirs"]]),
        )
    )
    ordered = (next(cells) if part.name == "cell" else part for part in parts)
    return [told.tell(part.name, **part.values) for part in ordered]


def leans(sentence: str) -> bool:
    """Whether a sentence may speak of the one before it (`It is over.`), from which nothing must part it then."""
    words = re.findall("[a-z]+", sentence.lower())
    # What there is, is there without anything before it.
    begins = words[1:_FIRST] if words[:1] == ["there"] else words[:_FIRST]
    return not (_BEGINNING.isdisjoint(begins) and _POINTING.isdisjoint(words))


def placed(rules: Sequence[Sequence[str]], distractors: Sequence[tuple[float, str]]) -> str:
    """The text of rules in which each distractor stands where its place says, of all where it parts no sentences."""
    said = [sentence for line in rules for sentence in line]
    free = [i for i, after in enumerate([*said[1:], ""]) if not leans(after)]
    added: dict[int, list[str]] = {}
    for place, sentence in distractors:
        added.setdefault(free[min(int(place * len(free)), len(free) - 1)], []).append(sentence)
    text, count = [], 0
    for line in rules:
        told: list[str] = []
        for sentence in line:
            told += [sentence, *added.get(count, [])]
            count += 1
        text.append(" ".join(told))
    return "\n".join(line for line in text if line)


def _added(game: Game) -> range:
    """The actions that modifiers have added to those of the rules."""
    *_, rules = layers(game)
    return range(len(rules.spec.actions), len(game.spec.actions))


def _options(rules: Game, seat: int) -> tuple[int, ...]:
    """The actions the rules have for a seat: those it has in every round, or else all there are besides waiting."""
    if isinstance(rules, Repeated):
        return tuple(int(action) for action in np.flatnonzero(rules.options[seat]))
    return tuple(action for action, label in enumerate(rules.spec.actions) if label != "wait")
