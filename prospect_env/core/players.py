"""`Players`: the policies at the table, and one turn of theirs: forecast, feed, decide.

The same turn is taken in real play and in a branch; `RealSource` is the future as these very players would make it,
which is both the truth that forecasts are scored against and the oracle that some are fed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from prospect_env.core import position
from prospect_env.core.chance import Chance, Streams
from prospect_env.core.decided import checked, stated
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.expand import SAMPLES, Source
from prospect_env.core.feed import Feed
from prospect_env.core.forecast import Forecast, uniform
from prospect_env.core.game import Game, Outcome
from prospect_env.core.policy import Policy, View
from prospect_env.core.position import Position
from prospect_env.core.turn import Turn
from prospect_env.core.unfold import Asking, Unfolding, unfold, unfold_all

DRAWS = 32  #: how often a policy that gives no probabilities is asked, to learn what it might do


@dataclass(frozen=True)
class Players:
    """The policies played inside, by seat, and what their planners are fed (own forecast where nothing is named).

    With `commit` False a policy whose forecast is replaced whole is not asked for it: cheaper, where only the choices
    matter; nothing is then recorded as its forecast.
    """

    game: Game
    policies: Mapping[int, Policy]
    feeds: Mapping[int, Feed] = field(default_factory=dict)
    commit: bool = True

    def __post_init__(self) -> None:
        seers = sorted(seat for seat in self.policies if self.needs_oracle(seat))
        if len(seers) > 1:
            names = ", ".join(self.game.spec.agents[seat] for seat in seers)
            raise UnsuitablePolicy(
                f"{names} all need the oracle; one may, since no oracle sees inside another's branch"
            )
        for seat, feed in self.feeds.items():
            if seat not in self.policies or not self.policies[seat].forecasts:
                agent = self.game.spec.agents[seat]
                raise UnsuitablePolicy(f"{agent} cannot be fed {feed.name!r}: nothing that forecasts sits there")
        if seers:
            self.require_branchable(except_seat=seers[0])

    def needs_oracle(self, seat: int) -> bool:
        """Whether this seat decides by the co-players' true probabilities."""
        return self.policies[seat].oracle or (seat in self.feeds and self.feeds[seat].oracle)

    def require_branchable(self, except_seat: int | None = None) -> None:
        """Raise `UnsuitablePolicy` if somebody at the table cannot be asked twice."""
        for seat, policy in self.policies.items():
            if seat != except_seat and not policy.branchable:
                agent = self.game.spec.agents[seat]
                raise UnsuitablePolicy(f"{policy.name!r} at {agent} cannot be asked twice, so nothing can be branched")

    def begin(self, seeds: UInt64[np.ndarray, " B"], match: Int[np.ndarray, " B"] | None = None) -> Position:
        """The first position of matches with these seeds."""
        start = position.begin(self.game, self.policies, seeds, match)
        for seat, feed in self.feeds.items():
            start.memories[("feed", seat)] = feed.begin(position.table(self.game, seat, start.streams))
        return start

    def turn(
        self,
        at: Position,
        now: Bool[np.ndarray, "B N"],
        seats: tuple[int, ...] | None = None,
        imagined: bool = False,
        branched: bool = False,
    ) -> Turn:
        """Ask the active seats (of `seats`, by default all played inside) once.

        `imagined` is True inside an oracle's branch, where no oracle is asked. `branched` is True in any branch, where
        what is forecast matters only as far as it is decided by.
        """
        turn = Turn({}, {}, {})
        asked = [seat for seat in (self.policies if seats is None else seats) if now[:, seat].any()]
        views = {seat: position.view(self.game, at, seat, now) for seat in asked}
        self.prepare(at, views, imagined, branched)
        for seat in asked:
            policy, luck, seen = self.policies[seat], position.chance(at, seat), views[seat]
            memory, feed = at.memories[seat], self.feeds.get(seat)
            own = self._own_forecast(at, seat, seen, luck, imagined, branched)
            fed = own
            if own is not None and feed is not None and not (feed.oracle and imagined):
                truth = partial(self._oracle, at, seat, luck, own)
                fed = feed.swap(at.memories[("feed", seat)], seen, luck, own, truth if feed.oracle else None)
            if own is not None and fed is not None:
                turn.fed[seat] = fed
                if self.commit or feed is None:
                    turn.forecasts[seat] = own
            turn.decisions[seat] = checked(policy.decide(memory, seen, luck, fed), seen)
        return turn

    def prepare(self, at: Position, views: Mapping[int, View], imagined: bool = False, branched: bool = False) -> None:
        """Tell the seats of these views that they are about to be asked."""
        for seat, seen in views.items():
            commits = self._commits(seat, imagined, branched)
            self.policies[seat].prepare(at.memories[seat], seen, position.chance(at, seat), commits)

    def _commits(self, seat: int, imagined: bool, branched: bool) -> bool:
        """Whether the policy is asked for a forecast of its own."""
        policy, feed = self.policies[seat], self.feeds.get(seat)
        replaced = feed is not None and feed.whole and not (self.commit or imagined)
        return policy.forecasts and (policy.reads_forecast or not branched) and not replaced

    def _own_forecast(
        self, at: Position, seat: int, seen: View, luck: Chance, imagined: bool, branched: bool
    ) -> Forecast | None:
        policy = self.policies[seat]
        if not self._commits(seat, imagined, branched):
            # Where it is replaced whole, its place is kept for what it is replaced by.
            kept = policy.forecasts and (policy.reads_forecast or not branched)
            return Forecast(uniform((len(seen.active), *self.game.spec.forecast_shape))) if kept else None
        own = policy.forecast(at.memories[seat], seen, luck)
        if own is not None and policy.oracle and not imagined:
            return self._oracle(at, seat, luck, own)
        return own

    def _oracle(self, at: Position, seat: int, luck: Chance, own: Forecast) -> Forecast:
        """The co-players' true probabilities: their real memories, asked with chance that is only imagined.

        So an oracle knows what its co-players would do and not what dice, ends by chance or anybody's draws will bring.
        With hidden information it cannot be asked on: continuations would be stepped from the hidden state.
        """
        source, spec = RealSource(self, seat, imagined=True), self.game.spec
        draws = [luck.imagine(draw) for draw in range(1 if spec.deterministic else SAMPLES)]
        nodes = tuple(replace(at, streams=Streams.imagined(draw, spec.seats)) for draw in draws)
        probs = unfold_all(source, nodes, seat).probs.copy()
        probs[:, :, :, seat] = own.probs[:, :, :, seat]
        return Forecast(probs, Asking(source, nodes) if spec.perfect_information else None)

    def advance(
        self,
        game: Game,
        at: Position,
        actions: Int[np.ndarray, "B N"],
        now: Bool[np.ndarray, "B N"],
        seats: tuple[int, ...] | None = None,
        messages: tuple[tuple[str, ...], ...] | None = None,
    ) -> tuple[Position, Outcome]:
        """One joint step under the rules `game`, seen by the players at `seats` (by default all)."""
        outcome = game.step(at.state, actions, at.streams.game(at.step))
        return self.learned(at, outcome, now, seats, messages), outcome

    def learned(
        self,
        at: Position,
        outcome: Outcome,
        now: Bool[np.ndarray, "B N"],
        seats: tuple[int, ...] | None = None,
        messages: tuple[tuple[str, ...], ...] | None = None,
    ) -> Position:
        """The position after a step that the rules have taken already, seen by the players at `seats`."""
        here = tuple(self.policies) if seats is None else seats
        watchers: dict[Any, Any] = {seat: self.policies[seat] for seat in here}
        watchers |= {("feed", seat): feed for seat, feed in self.feeds.items() if seat in here}
        chairs = {key: key if isinstance(key, int) else key[1] for key in watchers}
        return position.learned(at, outcome, watchers, now, chairs, messages)


@dataclass(frozen=True)
class RealSource(Source):
    """The future as the real players would make it, everything but `seat`'s own action equal.

    Real chance is what truth is made of; with `imagined` the rules are those to imagine with, and no oracle is asked.
    With a reaction window of one step `seat`'s own policy never plays, so it may sit outside or be costly. With longer
    windows it plays the steps in between, and is asked there only: whoever asks how the others act lists its actions.
    """

    players: Players
    seat: int
    imagined: bool = False

    @property
    def game(self) -> Game:  # type: ignore[override]
        return self.players.game

    @property
    def _inside(self) -> tuple[int, ...]:
        return self.speaks_of if self.game.spec.window == 1 else tuple(self.players.policies)

    @property
    def speaks_of(self) -> tuple[int, ...]:
        return tuple(seat for seat in self.players.policies if seat != self.seat)

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        return self._asked(node, self.speaks_of)

    def everybody(self, node: Position) -> Float[np.ndarray, "B N A"]:
        return self._asked(node, self._inside)

    def _asked(self, node: Position, seats: tuple[int, ...]) -> Float[np.ndarray, "B N A"]:
        now = position.active(self.game, node)
        turn = self.players.turn(node, now, seats, self.imagined, branched=True)
        return choice_probs(self.players, node, now, turn)

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        rules = self.game.unending if self.imagined else self.game.noiseless
        return self.players.advance(rules, node, executed, now, self._inside)


@dataclass(frozen=True)
class Preparing(Source):
    """A source that asks nobody anything, and tells all whom `inner` would ask that they are about to be asked."""

    inner: RealSource

    @property
    def game(self) -> Game:  # type: ignore[override]
        return self.inner.game

    @property
    def speaks_of(self) -> tuple[int, ...]:
        return self.inner.speaks_of

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        now, legal = position.active(self.game, node), self.game.legal(node.state)
        views = {seat: position.view(self.game, node, seat, now) for seat in self.speaks_of if now[:, seat].any()}
        self.inner.players.prepare(node, views, self.inner.imagined, branched=True)
        return np.asarray(legal / legal.sum(axis=-1, keepdims=True))

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        return self.inner.advance(node, executed, now)


def choice_probs(players: Players, at: Position, now: Bool[np.ndarray, "B N"], turn: Turn) -> NDArray[np.float64]:
    """The probabilities of every seat's *executed* action that a turn's decisions come down to, `[B, N, A]`.

    A policy that states no probabilities is asked `DRAWS` times with chance of its imagination. Seats that were not
    asked get equal shares of their legal actions.
    """
    game = players.game
    legal = game.legal(at.state)
    probs = legal / legal.sum(axis=-1, keepdims=True)
    for seat, decision in turn.decisions.items():
        seen = position.view(game, at, seat, now)
        if decision.probs is not None:
            asked = stated(decision.probs, seen, f"the policy at {game.spec.agents[seat]}")
        else:
            policy, luck = players.policies[seat], position.chance(at, seat)
            asked = np.zeros((len(now), len(game.spec.actions)))
            for draw in range(DRAWS):
                answer = policy.decide(at.memories[seat], seen, luck.imagine(draw), turn.fed.get(seat)).action
                asked += np.asarray(answer)[:, None] == np.arange(asked.shape[1])
            asked /= DRAWS
        probs[:, seat] = np.where(now[:, seat, None], asked, probs[:, seat])
    return np.asarray(game.executed(at.state, probs))


def truths_of(players: Players, at: Position, now: Bool[np.ndarray, "B N"], turn: Turn) -> dict[int, Unfolding]:
    """What would have followed from each own action of each forecasting seat, by the real co-players.

    Own rows at lead 0 hold what comes of the policy's own choice, noise included. The own seat has no lead 1 here.
    """
    first = choice_probs(players, at, now, turn)
    if players.game.spec.window == 1 and any(policy.identity for policy in players.policies.values()):
        # A language model answers what all these branches ask of it at once, rather than branch by branch.
        for seat in turn.forecasts:
            unfold(Preparing(RealSource(players, seat)), at, seat, first)
    truths = {}
    for seat in turn.forecasts:
        truth = unfold(RealSource(players, seat), at, seat, first)
        if not players.game.spec.events:
            truth.probs[:, 0, :, seat] = players.game.spec.reactions_from(first[:, seat])[:, None]
        truth.mask[:, 0, :, seat] = players.game.legal(at.state)[:, seat] & now[:, seat, None]
        truths[seat] = truth
    return truths
