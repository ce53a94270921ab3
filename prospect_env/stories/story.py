"""`Story`: the words that one telling of a game uses; frames offer words, a story has chosen among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from prospect_env.core.state import Shared
from prospect_env.stories.slots import Word


@dataclass(frozen=True)
class Story(Shared):
    """The tongue of a telling: with it a game can be told, and read back from what was told.

    `game` is the name a game is registered under and `template` the file it is told by; `names` are those of the seats,
    `actions`, `reactions` and `roles` what is said for the game's labels; `words` other words by the name the template
    declares them under (`currency`, ...). `order` is the order in which options are listed, as a permutation of
    actions. What is paid is told as `scale * payoff + shift`. `phrasing` picks the paraphrases, 0 the first of each.
    `distractors` are sentences that change nothing, each with the place where it stands, from 0 (first) to 1 (last).
    `by_round` says whether each round of the game is one choice of everybody, and `cooperative` which actions are
    cooperation. `untold` keeps what a game is made of besides rules: names of ours that no telling mentions.
    """

    game: str
    template: str
    names: tuple[str, ...]
    actions: tuple[str, ...]
    reactions: tuple[str, ...]
    roles: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    order: tuple[int, ...]
    scale: int = 1
    shift: int = 0
    phrasing: int = 0
    distractors: tuple[tuple[float, str], ...] = ()
    by_round: bool = True
    cooperative: tuple[int, ...] = ()
    untold: tuple[tuple[str, Any], ...] = ()

    @property
    def frame(self) -> str:
        """The name of its frame."""
        return PurePosixPath(self.template).stem

    @cached_property
    def word(self) -> dict[str, Word]:
        """Its words by the names templates call them by."""
        return {name: Word(declared) for name, declared in self.words}

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where each action stands among the options."""
        return tuple(self.order.index(action) for action in range(len(self.order)))
