"""What a story says for a game's labels, chosen among the words that its frame offers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.games.layers import layers
from prospect_env.stories.frames import Frame

T = TypeVar("T")

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SEAT = re.compile(r"\bplayer_(\d+)\b")


class First:
    """Chooses what stands first."""

    def pick(self, options: Sequence[T]) -> T:
        return options[0]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        return list(options[:count])


class Drawn(First):
    """Chooses by chance."""

    def __init__(self, *seed: object) -> None:
        self.random = Random("/".join(map(str, seed)))

    def pick(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def some(self, options: Sequence[T], count: int) -> list[T]:
        return self.random.sample(options, count)


def actions_told(game: Game, frame: Frame, draw: First, names: Sequence[str], announcing: str) -> list[str]:
    """What is said for each action: a set of labels serves the rules' actions in turn, a mapping names them."""
    spec, (*_, rules) = game.spec, layers(game)
    declared = frame.words.get("actions", {})
    if not isinstance(declared, Mapping):
        labels = rules.spec.actions
        sets = [words for words in declared if len(words) >= len(labels)]
        if not sets:
            raise BadParameter(
                f"frame {frame.name!r} has labels for up to {max(map(len, declared))} actions; "
                f"{spec.name} has {len(labels)}"
            )
        declared = dict(zip(labels, ([word] for word in draw.some(draw.pick(sets), len(labels))), strict=True))
    told = labels_told(spec.actions, declared, draw, names)
    said = spec.announces or (-1,) * len(told)
    return [announcing.format(told[of]) if of >= 0 else own for own, of in zip(told, said, strict=True)]


def reactions_told(
    game: Game, frame: Frame, draw: First, names: Sequence[str], actions: Mapping[str, str], announces: str
) -> list[str]:
    """What is said for each reaction: what is said for the action of the same label, where there is one."""
    spec = game.spec
    own = labels_told(spec.reactions, frame.words.get("reactions", {}), draw, names)
    told = [actions.get(label, word) for label, word in zip(spec.reactions, own, strict=True)]
    for action, of in enumerate(spec.announces):
        if of >= 0:
            told[spec.reaction_of[action]] = announces.format(told[spec.reaction_of[of]])
    return told


def labels_told(
    labels: Sequence[str], declared: Mapping[str, Sequence[str]], draw: First, names: Sequence[str]
) -> list[str]:
    """What is said for labels; a word is drawn once for all labels that share it.

    Labels with numbers and seats in them are declared as `offer {}%` and `audit {who}`; labels that are not declared
    are told as they are written.
    """
    chosen = {label: draw.pick(options) for label, options in declared.items()}
    return [_label(label, chosen, names) for label in labels]


def _label(label: str, chosen: Mapping[str, str], names: Sequence[str]) -> str:
    if label in chosen:
        return chosen[label]
    who = _SEAT.search(label)
    pattern = _SEAT.sub("{who}", label)
    numbers = _NUMBER.findall(pattern)
    pattern = _NUMBER.sub("{}", pattern)
    word = chosen.get(pattern, pattern.replace("_", " "))
    return word.format(*numbers, who=names[int(who[1])] if who else "")
