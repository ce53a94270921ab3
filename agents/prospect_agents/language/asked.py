"""What a language model is asked about a match, as data: what happened, what is asked, what is written before it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from prospect_env.games.grid_view import Sight


@dataclass(frozen=True)
class Moment:
    """One step as a seat saw it: everybody's action (-1: none, or unseen), and what each said in free text."""

    seen: tuple[int, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Past:
    """All steps of a match so far; prompts tell those from number `first` on, cues may look back further."""

    moments: tuple[Moment, ...]
    first: int = 0


@dataclass(frozen=True)
class Note:
    """A line that is written before a question and names a reaction of a seat.

    It is a prediction of what the seat will do now or, where an own action is `given`, of what it will do first after
    that one. With `placebo` it is a line of about the same length that names the same labels and says nothing of what
    anybody will do. `options` are the reactions it is one of.
    """

    about: int
    reaction: int
    options: tuple[int, ...]
    placebo: bool = False
    given: int | None = None


@dataclass(frozen=True)
class Asked:
    """Which of `options` will seat `about` choose?

    It is asked of the choice in this step or, where an own action is `given`, of the first choice after that action.
    `options` are actions or, with `reactions`, reactions, in the order of the game's labels. `now` are the seats that
    choose in this step, `situation` is where things stand, as `Game.situation` names it, and `sight` the window that
    the seat has on a board, if it has one. `spoken` is what the seat has just said in its own words, where it is asked
    what it thereby announces.
    """

    about: int
    options: tuple[int, ...]
    given: int | None = None
    reactions: bool = False
    now: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    situation: tuple[tuple[str, float], ...] = ()
    sight: Sight | None = None
    spoken: str = ""

    @property
    def key(self) -> Hashable:
        """Equal for questions that are asked in the same words."""
        return self if self.sight is None else (replace(self, sight=None), self.sight.rows)
