"""`Game`: the rules, as a pure, batched state machine for N seats.

Every array has a leading match axis `B`; a single game is `B = 1`. Actions are a flat union over roles and phases, and
`legal` selects; a game that needs a no-op has it at index 0. What inactive seats send is ignored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import InvalidGame
from prospect_env.core.state import Shared

State = Any  # a frozen dataclass of arrays with a leading match axis, see core.state
Known = Any  # likewise: what one seat knows of a state

LABELS = 128  #: actions and reactions of a game are fewer than this


class Outcome(NamedTuple):
    """What one joint transition brought.

    `executed` are the actions that took effect (after noise), -1 for inactive seats; `reactions` are their labels.
    `seen[b, i, j]` is the executed action of `j` as seat `i` saw it (-1: unseen); None: everybody saw everything.
    `measures` are numbers that only the record sees (a true objective, a stock), one a seat and name in the spec.
    """

    state: State
    rewards: Float[np.ndarray, "B N"]
    executed: Int[np.ndarray, "B N"]
    reactions: Int[np.ndarray, "B N"]
    seen: Int[np.ndarray, "B N N"] | None
    round_end: Bool[np.ndarray, " B"]
    terminated: Bool[np.ndarray, " B"]
    measures: Float[np.ndarray, "B N M"] | None = None


class Tile(NamedTuple):
    """What a cell of a board may show: its name, one printable character, and red, green, blue in 0..255."""

    name: str
    character: str
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class GameSpec(Shared):
    """What can be said of a game without playing it.

    `actions` and `reactions` are labels; `reaction_of[a]` is the reaction that action `a` shows to others, and empty
    where reactions are events (zapped, harvested) that the step itself tells, in `Outcome.reactions`. `window` is how
    many steps after a choice a reaction to it may come: the first choice within it, or, with `ranked`, the most
    significant label shown within it (labels are then declared in order of significance). `horizon` is the largest
    number of steps. `payoff_bounds` hold for one seat in one step. `cooperative` are indices of actions (empty: the
    notion does not apply), `uncooperative` what else one may do where one may cooperate (empty: anything else), and
    `welfare_bounds` the least and largest sum of all seats' payoffs in one step (nan, nan: unknown). `reference` is the
    payoff a step is measured from: what a seat has where nobody does anything to anybody.
    `announces[a]` is the action that action `a` announces (-1: none; empty: there is no talk). `measures` names what
    steps measure besides payoffs.
    `interchangeable` groups seats that the rules do not tell apart. `deterministic` is False where a step draws chance
    of its own (a roll of dice); trembling hands and ends by chance, which are reckoned with exactly, do not count.
    """

    name: str
    version: int
    seats: int
    roles: tuple[str, ...]
    actions: tuple[str, ...]
    reactions: tuple[str, ...]
    reaction_of: tuple[int, ...]
    horizon: int
    payoff_bounds: tuple[float, float]
    welfare_bounds: tuple[float, float] = (float("nan"), float("nan"))
    window: int = 1
    ranked: bool = False
    discount: float = 1.0
    reference: float = 0.0
    announces: tuple[int, ...] = ()
    measures: tuple[str, ...] = ()
    cooperative: tuple[int, ...] = ()
    uncooperative: tuple[int, ...] = ()
    interchangeable: tuple[tuple[int, ...], ...] = ()
    perfect_information: bool = True
    deterministic: bool = True
    observation_size: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        checks = [
            (self.seats >= 1, f"seats is {self.seats}; it may be 1 or more"),
            (len(self.roles) == self.seats, f"{len(self.roles)} roles for {self.seats} seats"),
            (
                len(set(self.actions)) == len(self.actions) > 0,
                f"action labels {self.actions} must be unique, 1 or more",
            ),
            (len(set(self.reactions)) == len(self.reactions) > 0, f"reaction labels {self.reactions} must be unique"),
            (
                len(self.reaction_of) == len(self.actions) or (self.events and self.ranked),
                "reaction_of needs one entry an action, or none where reactions are ranked events",
            ),
            (all(0 <= r < len(self.reactions) for r in self.reaction_of), "reaction_of names a reaction that is none"),
            # Actions and reactions are recorded in 8 bits.
            (len(self.actions) < LABELS, f"{len(self.actions)} actions are too many; up to {LABELS - 1} are possible"),
            (
                len(self.reactions) < LABELS,
                f"{len(self.reactions)} reactions are too many; {LABELS - 1} are possible",
            ),
            (len(self.announces) in (0, len(self.actions)), "announces needs one entry an action, or none"),
            (
                all(-1 <= a < len(self.actions) for a in self.announces),
                "announces names an action that is none",
            ),
            (len(set(self.measures)) == len(self.measures), f"measures {self.measures} must be unique"),
            (self.horizon >= 1, f"horizon is {self.horizon}; it may be 1 or more"),
            (self.window >= 1, f"window is {self.window}; it may be 1 or more"),
            (0 < self.discount <= 1, f"discount is {self.discount}; it may be above 0 and at most 1"),
            (
                self.payoff_bounds[0] <= self.payoff_bounds[1],
                f"payoff_bounds {self.payoff_bounds} are the wrong way round",
            ),
            (all(0 <= a < len(self.actions) for a in self.cooperative), "cooperative names an action that is none"),
            (
                all(0 <= a < len(self.actions) and a not in self.cooperative for a in self.uncooperative),
                "uncooperative names an action that is none, or cooperative",
            ),
            (
                all(0 <= i < self.seats for g in self.interchangeable for i in g),
                "interchangeable names a seat that is none",
            ),
        ]
        for holds, message in checks:
            if not holds:
                raise InvalidGame(f"{self.name}: {message}")

    @cached_property
    def agents(self) -> tuple[str, ...]:
        """PettingZoo's names of the seats."""
        return tuple(f"player_{seat}" for seat in range(self.seats))

    @cached_property
    def alternatives(self) -> tuple[int, ...]:
        """The actions that are the alternatives to cooperation; empty where the notion does not apply."""
        if self.uncooperative or not self.cooperative:
            return self.uncooperative
        return tuple(action for action in range(len(self.actions)) if action not in self.cooperative)

    @property
    def events(self) -> bool:
        """Whether reactions are events that steps tell, and no functions of actions."""
        return not self.reaction_of

    @cached_property
    def shows(self) -> Float[np.ndarray, "A R"]:
        """`reaction_of` as a 0/1 matrix: action probabilities times it are reaction probabilities."""
        matrix = np.zeros((len(self.actions), len(self.reactions)))
        matrix[np.arange(len(self.actions)), list(self.reaction_of)] = 1.0
        return matrix

    @cached_property
    def reactions_are_actions(self) -> bool:
        """Whether reactions and actions are the same labels in the same order."""
        return self.reaction_of == tuple(range(len(self.reactions)))

    @cached_property
    def shown_by(self) -> tuple[tuple[int, ...], ...]:
        """By reaction, the actions that show as it; none where reactions are events."""
        actions = range(len(self.actions))
        return tuple(
            tuple(action for action in actions if self.reaction_of[action] == reaction)
            for reaction in range(len(self.reactions))
        )

    def reactions_from(self, probs: Float[np.ndarray, "... A"]) -> Float[np.ndarray, "... R"]:
        """Reaction probabilities from action probabilities, over the last axis."""
        if self.reactions_are_actions:
            return probs
        return short_sum(probs[..., None] * self.shows, axis=-2)

    @cached_property
    def reaction_table(self) -> Int[np.ndarray, " actions_and_none"]:
        """`reaction_of` to index with executed actions; its last entry serves -1."""
        return np.array([*self.reaction_of, -1], dtype=np.int8)

    @property
    def forecast_shape(self) -> tuple[int, int, int, int]:
        """(L, A, N, R) of one forecast."""
        return 2, len(self.actions), self.seats, len(self.reactions)


class Game(Shared, ABC):
    """The rules: immutable, pure, picklable. Everything else (views, words, scores) is written once for all games.

    A game is a frozen dataclass of its parameters, or says in `parameters` what it was made of.
    """

    spec: GameSpec
    #: what the cells of `board` may show; empty for games without a board
    legend: tuple[Tile, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What this game was made of: its builder gives an equal game for these."""
        return {field.name: getattr(self, field.name) for field in fields(self)} if is_dataclass(self) else {}

    @property
    def edges(self) -> tuple[tuple[int, int], ...] | None:
        """Pairs of seats that meet, in games on a network; None where everybody meets everybody."""
        return None

    @abstractmethod
    def initial(self, batch: int, chance: Chance) -> State:
        """The first state of `batch` matches."""

    @abstractmethod
    def active(self, state: State) -> Bool[np.ndarray, "B N"]:
        """Which seats choose now; no seat at all once the game is over."""

    @abstractmethod
    def legal(self, state: State) -> Bool[np.ndarray, "B N A"]:
        """What each seat may choose; an inactive seat may choose index 0 and nothing else."""

    @abstractmethod
    def step(self, state: State, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        """One joint transition from legal `actions`; entries of inactive seats are ignored."""

    @abstractmethod
    def observe(self, state: State) -> Float[np.ndarray, "B N O"]:
        """What each seat sees as numbers, float32 in -1..1; a function of `hide(state, seat)` alone."""

    def board(self, state: State) -> Int[np.ndarray, "B H W"] | None:
        """Indices into `legend`, one a cell, as an onlooker sees the board; None for games without one."""
        return None

    def situation(self, known: Known, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """What a player would be told of where things stand besides who did what: one number a match, by name."""
        return {}

    def hide(self, state: State, seat: int) -> Known:
        """What `seat` knows of `state`; with perfect information, the state itself."""
        return state

    def believe(self, known: Known, seat: int, chance: Chance) -> State:
        """One draw from the rules' prior over states given what `seat` knows."""
        return known

    @property
    def noiseless(self) -> Game:
        """These rules on the same states, where every choice is executed as chosen."""
        return self

    @property
    def unending(self) -> Game:
        """These rules on the same states, noiseless and without ends by chance: the rules to imagine with."""
        return self.noiseless

    @property
    def continuation(self) -> float:
        """The probability that chance lets a match go on after a round; what comes later is worth that much less."""
        return 1.0

    def executed(self, state: State, probs: Float[np.ndarray, "B N A"]) -> Float[np.ndarray, "B N A"]:
        """The distribution of executed actions when seats choose with `probs`, each seat on its own."""
        return probs
