"""What a planner can be fed in place of its own forecast: uniform, marginal, shuffled, inverted, oracle, mixtures.

`own` is no feed: it is what happens without one. Names are spec strings: `marginal`, `mixture:lam=.5`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core import position
from prospect_env.core.baselines import Marginal, Uniform
from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.expand import Source
from prospect_env.core.feed import Feed, about_others
from prospect_env.core.forecast import Forecast, normalised
from prospect_env.core.game import Game, Outcome
from prospect_env.core.make import make
from prospect_env.core.policy import Call, Event, Memory, Predictor, Table, View
from prospect_env.core.position import Position
from prospect_env.core.registry import feeds
from prospect_env.core.unfold import Asking, PredictorSource, roll_forward, thoughts, unfold_all

catalog = {
    "uniform": "prospect_env.arena.feeds:UniformFeed",
    "marginal": "prospect_env.arena.feeds:MarginalFeed",
    "shuffled": "prospect_env.arena.feeds:Shuffled",
    "inverted": "prospect_env.arena.feeds:Inverted",
    "oracle": "prospect_env.arena.feeds:OracleFeed",
    "mixture": "prospect_env.arena.feeds:Mixture",
}


def make_feed(feed: str | Feed) -> Feed:
    """The feed that this spec string describes; of a `Feed` a copy, since feeds may hold what belongs to one play."""
    return copy(feed) if isinstance(feed, Feed) else make(feeds, feed)


class _Predicted(Feed):
    """The forecast of a predictor that watches alongside."""

    predictor: Predictor

    def begin(self, table: Table) -> Memory:
        return self.predictor.begin(table)

    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        rolled = roll_forward(self.predictor, memory, view, chance)
        return about_others(rolled.probs, own.probs, view.seat, rolled.asking)

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self.predictor.observe(memory, event)


class UniformFeed(_Predicted):
    """Every legal reaction equally likely."""

    predictor = Uniform()


class MarginalFeed(_Predicted):
    """How often each co-player did what in the earlier steps of the episode."""

    predictor = Marginal()


class OracleFeed(Feed):
    """The co-players' true probabilities, never their draws."""

    oracle = True

    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        if truth is None:
            raise UnsuitablePolicy("the oracle can be asked in the arena only")
        return truth()


class Mixture(Feed):
    """`lam` times the oracle plus `1 - lam` times the marginal."""

    oracle = True

    def __init__(self, lam: float) -> None:
        if not 0 <= lam <= 1:
            raise BadParameter(f"lam is {lam!r}; it may be between 0 and 1")
        self.lam, self._marginal = lam, MarginalFeed()

    def begin(self, table: Table) -> Memory:
        return self._marginal.begin(table)

    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        true = OracleFeed().swap(None, view, chance, own, truth)
        dull = self._marginal.swap(memory, view, chance, own, None)
        probs = self.lam * true.probs + (1 - self.lam) * dull.probs
        if true.asking is None:
            return Forecast(probs)
        nodes = tuple(replace(node, memories={**node.memories, "marginal": memory}) for node in true.asking.nodes)
        return Forecast(probs, Asking(_Mixed(true.asking.source, self.lam, self._marginal.predictor, view.seat), nodes))

    def observe(self, memory: Memory, event: Event) -> Memory:
        return self._marginal.observe(memory, event)


class Inverted(Feed):
    """The own forecast turned round, `(1 - p) / (k - 1)` over the `k` attainable reactions."""

    whole = False

    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        # What the rules allow at both leads, whoever plays: what follows if everybody does anything.
        anybody = PredictorSource(view.game, Uniform(), view.seat)
        can = unfold_all(anybody, thoughts(view, chance, {"predictor": None}), view.seat).attainable
        asking = None if own.asking is None else Asking(_Inverted(own.asking.source, view.seat), own.asking.nodes)
        return about_others(invert(own.probs, can), own.probs, view.seat, asking)


class Shuffled(Feed):
    """What the same policy forecast at the same step of a twin episode: the right kind of numbers, the wrong match."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._played: Episodes | None = None

    def prepare(self, twin: Callable[[], Episodes]) -> tuple[Call, ...]:
        self._played = twin()
        self._rows = {match: row for row, match in enumerate(self._played.episode.tolist())}
        return self._played.calls

    def swap(
        self, memory: Memory, view: View, chance: Chance, own: Forecast, truth: Callable[[], Forecast] | None
    ) -> Forecast:
        if self._played is None or self._played.forecast is None:
            raise UnsuitablePolicy("shuffled forecasts come from twin episodes, which the arena's play provides")
        rows = np.array([self._rows[match] for match in view.match.tolist()])
        length = self._played.length[rows]
        # A twin that ended earlier lends its last forecast; one whose seat had no turn then has none to lend.
        step = np.minimum(np.broadcast_to(view.step, length.shape), length - 1)
        probs = self._played.forecast[rows, step, view.seat].astype(np.float64)
        probs = np.where(np.isnan(probs), 1.0 / probs.shape[-1], normalised(probs))
        return about_others(probs, own.probs, view.seat, None)


def invert(probs: Float[np.ndarray, "... K"], can: Bool[np.ndarray, "... K"]) -> NDArray[np.float64]:
    """`(1 - p) / (k - 1)` over the `k` labels that `can` allows; unchanged where there is but one."""
    count = can.sum(axis=-1, keepdims=True)
    turned = np.where(can, (1.0 - probs) / np.maximum(count - 1, 1), 0.0)
    return np.where(count > 1, normalised(turned), probs)


@dataclass(frozen=True)
class _Inverted(Source):
    """A source whose word about the others is turned round at every node."""

    inner: Source
    seat: int

    @property
    def game(self) -> Game:  # type: ignore[override]
        return self.inner.game

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        said = self.inner.probs(node)
        turned = invert(said, self.game.legal(node.state))
        turned[:, self.seat] = said[:, self.seat]
        return turned

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        return self.inner.advance(node, executed, now)


@dataclass(frozen=True)
class _Mixed(Source):
    """A source that says `lam` times what the truth says plus `1 - lam` times what the marginal says."""

    truth: Source
    lam: float
    marginal: Predictor
    seat: int

    @property
    def game(self) -> Game:  # type: ignore[override]
        return self.truth.game

    @property
    def speaks_of(self) -> tuple[int, ...]:
        return self.truth.speaks_of

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        seen, luck = position.view(self.game, node, self.seat), position.chance(node, self.seat)
        dull = self.marginal.predict(node.memories["marginal"], seen, luck)
        return self.lam * self.truth.probs(node) + (1 - self.lam) * dull

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        after, outcome = self.truth.advance(node, executed, now)
        event = Event(outcome.rewards[:, self.seat], position.all_see(outcome, now), now)
        watched = self.marginal.observe(node.memories["marginal"], event)
        return replace(after, memories={**after.memories, "marginal": watched}), outcome
