"""`Policy` and `Predictor`: what decides for a seat, and what says how seats will decide.

`forecast` is committed before the choice, `decide` changes nothing, and `observe` is the only way to learn. So a branch
is `take`, one `step` with something that did not happen, `observe`, `decide`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.chance import Chance
from prospect_env.core.game import Game, Known
from prospect_env.core.state import Shared

if TYPE_CHECKING:
    from prospect_env.core.forecast import Forecast

Memory = Any  # a frozen dataclass of arrays with a leading match axis, see core.state


@dataclass(frozen=True)
class Table:
    """What a policy is told when it sits down: the game, its seat, how many matches, chance of its own."""

    game: Game
    seat: int
    matches: int
    chance: Chance


@dataclass(frozen=True)
class View:
    """What one seat has before it when it is asked.

    `legal` is Bool `[B, A]`; `active` Bool `[B]` says in which matches it is asked at all; `step` is an integer that
    all matches share or Int64 `[B]`; `match` Int64 `[B]` numbers the matches of the table, for keeping records.
    """

    game: Game
    seat: int
    known: Known
    legal: Bool[np.ndarray, "B A"]
    active: Bool[np.ndarray, " B"]
    step: int | Int[np.ndarray, " B"]
    match: Int[np.ndarray, " B"]

    def observation(self, chance: Chance) -> Float[np.ndarray, "B O"]:
        """The seat's observation as numbers, float32 `[B, O]`: what it knows, not what is so."""
        return self.game.observe(self.game.believe(self.known, self.seat, chance.imagine()))[:, self.seat]


@dataclass(frozen=True)
class Event:
    """What one seat learns from one step.

    `reward` is its own, float `[B]`; `seen` Int `[B, N]` are executed actions (-1: inactive or unseen); `active` Bool
    `[B, N]` says who chose; `messages` holds one tuple a match, of one text a seat, or None.
    """

    reward: Float[np.ndarray, " B"]
    seen: Int[np.ndarray, "B N"]
    active: Bool[np.ndarray, "B N"]
    messages: tuple[tuple[str, ...], ...] | None = None


@dataclass(frozen=True)
class Proposal:
    """What was wanted before a guard had its say, and by what rule it was judged.

    `action` Int `[B]`. The guard replaces it where others are expected to be better off by more than `limit` (payoff
    per co-player, float `[B]`) with another action whose value is at most `cost` (payoff, float `[B]`) less.
    """

    action: Int[np.ndarray, " B"]
    limit: Float[np.ndarray, " B"]
    cost: Float[np.ndarray, " B"]


@dataclass(frozen=True)
class Decision:
    """What a policy would do here: Int `[B]`; the probabilities it drew from and its action values `[B, A]`, if any.

    `proposal` is what was wanted at first, where a guard has a say.
    """

    action: Int[np.ndarray, " B"]
    probs: Float[np.ndarray, "B A"] | None = None
    values: Float[np.ndarray, "B A"] | None = None
    message: tuple[str, ...] | None = None
    proposal: Proposal | None = None


@dataclass(frozen=True)
class Call:
    """One question to a language model, as it is recorded.

    `match` and `step` say where it was asked; `imagined` is True for a question about a continuation. `logprobs` are
    natural logarithms of label probabilities, and `latency` is this question's share of its batch, in seconds. Where
    words were asked for, `text` is what was written, and there are no labels. `tokens_dropped` of the prompt were left
    out because the model holds no more.
    """

    match: int
    step: int
    seat: int
    purpose: str
    imagined: bool
    model: str
    prompt_hash: str
    prompt: str
    labels: tuple[str, ...]
    logprobs: tuple[float, ...]
    mass: float
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    latency: float
    replayed: bool
    text: str = ""
    tokens_dropped: int = 0


class Policy(Shared, ABC):
    """What decides for a seat: scripted, learned, a language model or a human."""

    name: str = ""
    #: False for policies that cannot be asked twice (a human): they can play, but nothing can be branched around them.
    branchable: bool = True
    #: True for policies whose own forecast is the truth: the arena supplies it (the co-players' real probabilities).
    oracle: bool = False
    #: True for policies that give a forecast with every choice.
    forecasts: bool = False
    #: False for policies that choose without looking at their forecast: branches then need not ask for it.
    reads_forecast: bool = True
    #: True for policies whose decisions come with a proposal that a guard may have replaced.
    guarded: bool = False

    @abstractmethod
    def begin(self, table: Table) -> Memory:
        """The memory of `table.matches` new matches; raises `UnsuitablePolicy` if it cannot play this game here."""

    def prepare(self, memory: Memory, view: View, chance: Chance, forecasts: bool = True) -> None:
        """Called for everybody who is about to be asked, before anybody is: to have questions answered together.

        `forecasts` says whether a forecast will be asked for before the choice. It changes nothing that can be told
        from what is forecast and decided.
        """

    @abstractmethod
    def decide(self, memory: Memory, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        """What it would do here; changes nothing. Rows of matches in which it is not active are ignored."""

    def forecast(self, memory: Memory, view: View, chance: Chance) -> Forecast | None:
        """What it expects others to do in answer to each own action, committed before the choice."""
        return None

    def observe(self, memory: Memory, event: Event) -> Memory:
        """The memory after one step: the only way to learn."""
        return memory

    @property
    def identity(self) -> str:
        """Names the language model behind it and everything that changes its answers; empty without one."""
        return ""

    def calls(self) -> tuple[Call, ...]:
        """The model calls made since this was last asked."""
        return ()

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then (replaying, resuming)."""


class Predictor(Shared, ABC):
    """What says how seats will act: never more than what a seat at the table could know."""

    name: str = ""

    @property
    def identity(self) -> str:
        """As a policy's."""
        return ""

    @abstractmethod
    def begin(self, table: Table) -> Memory:
        """The memory of `table.matches` new matches."""

    @abstractmethod
    def predict(self, memory: Memory, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        """Probabilities of every seat's *executed* action in this step; seats independent given the history."""

    def rows(self, memory: Memory, view: View, chance: Chance) -> Float[np.ndarray, "B L A N R"] | None:
        """The whole tensor, where the predictor states it row by row; None: it is rolled forward from `predict`."""
        return None

    def prepare(self, memory: Memory, view: View, chance: Chance) -> None:
        """Called before the tensor is asked for, as a policy's `prepare`."""

    def observe(self, memory: Memory, event: Event) -> Memory:
        """The memory after one step."""
        return memory

    def calls(self) -> tuple[Call, ...]:
        """The model calls made since this was last asked."""
        return ()

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then."""
