"""`Match`: one match as views play it; the caller chooses for the seats outside, everything else happens here."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import UInt64
from numpy.typing import NDArray

from prospect_env.core import position
from prospect_env.core.chance import Chance, Streams
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import IllegalAction, InvalidForecast
from prospect_env.core.forecast import attainable, check
from prospect_env.core.policy import Call
from prospect_env.core.turn import Turn, said_aloud
from prospect_env.zoo.cast import Cast
from prospect_env.zoo.history import Step, asked, episodes
from prospect_env.zoo.ledger import Ledger, expected_gain
from prospect_env.zoo.reading import action_index, committed, parts
from prospect_env.zoo.summary import Summary, metrics
from prospect_env.zoo.tabulated import Edge, Tabulated
from prospect_env.zoo.truths import truths

_NOBODY = Turn({}, {}, {})


class Match:
    """One match: `choose` for each active outside seat, then `play` takes one joint step.

    A choice that is refused changes nothing, so the caller may choose again. `rules` may be shared between matches.
    """

    def __init__(self, cast: Cast, rules: Tabulated, seed: UInt64[np.ndarray, " 1"], number: int) -> None:
        self.cast, self.rules, self.seed, self.number = cast, rules, seed, number
        seats = cast.spec.seats
        self._streams: Streams | None = None
        self._inside: position.Position | None = None
        if cast.players.policies:
            self._inside = cast.players.begin(seed, np.array([number]))
            self._streams = self._inside.streams
            self.node = rules.node(self._inside.state)
        else:
            self.node = rules.first(lambda: self._chance(0))
        self.steps: list[Step] = []
        self.over = not any(self.node.active)
        #: what each seat gained in each step, payoff and forecast reward together
        self.gains: list[list[float]] = []
        self.illegal = [0] * seats
        self._ledger = Ledger.empty(1, cast.spec) if cast.options.forecast_reward else None
        self._chosen = [-1] * seats
        self._forecasts: dict[int, NDArray[np.float64]] = {}
        self._replaced: set[int] = set()
        #: seats whose action was replaced in the last step
        self.flagged: set[int] = set()

    @property
    def streams(self) -> Streams:
        """All chance of the match, made when it is needed: most games draw none."""
        if self._streams is None:
            self._streams = Streams.of(self.seed, self.cast.spec.seats)
        return self._streams

    def _chance(self, step: int) -> Chance:
        return self.streams.game(step)

    def fork(self) -> Match:
        """An independent copy at this point; raises `UnsuitablePolicy` if somebody inside cannot be asked twice."""
        self.cast.players.require_branchable()
        new = copy(self)
        new.steps, new._chosen, new._forecasts = list(self.steps), list(self._chosen), dict(self._forecasts)
        new.gains, new.illegal, new._replaced = list(self.gains), list(self.illegal), set(self._replaced)
        return new

    def __getstate__(self) -> dict[str, Any]:
        # Nodes hang together in one large graph, which is rebuilt as it is walked.
        return {**self.__dict__, "node": self.node.state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.node = self.rules.node(state["node"])

    def choose(self, seat: int, sent: Any) -> None:
        """Take what the caller sends for an active outside seat; raises `IllegalAction` or `InvalidForecast`."""
        options, action, forecast = self.cast.options, sent, None
        if options.forecast != "off":
            action, said = parts(sent)
            spec = self.cast.spec
            forecast, wrong = committed(said, spec.forecast_shape, options.forecast == "logits")
            if wrong is not None:
                raise InvalidForecast(spec.agents[seat], len(self.steps), wrong)
        choice, legal = action_index(action), self.node.legal[seat]
        if choice not in legal:
            if options.illegal == "raise":
                raise IllegalAction(self.cast.spec.agents[seat], len(self.steps), action, sorted(legal))
            choice = min(legal)
            self._replaced.add(seat)
        elif self._replaced:
            self._replaced.discard(seat)
        self._chosen[seat] = choice
        if forecast is not None:
            self._forecasts[seat] = forecast[None]

    def play(self) -> list[float]:
        """Take the step; returns what each seat gained, payoff and forecast reward together."""
        node, cast, players = self.node, self.cast, self.cast.players
        chosen, forecasts, turn, found, foreseen = self._chosen, self._forecasts, _NOBODY, {}, {}
        inside = self._inside
        if inside is not None:
            turn = players.turn(inside, node.now)
            for seat, said in turn.forecasts.items():
                check(said.probs, cast.spec, seat, len(self.steps), 1)
            for seat, decision in turn.decisions.items():
                chosen[seat] = int(decision.action[0])
        moves = tuple(chosen)
        # Step 0 of chance is the sitting down; the first choice is made at step 1.
        edge = node.edges.get(moves) or self.rules.follow(node, moves, lambda: self._chance(len(self.steps) + 1))
        calls: tuple[Call, ...] = ()
        if inside is not None:
            if forecasts:
                found = truths(cast, inside, node.now, turn, edge.actions, forecasts)
            foreseen = asked(cast, inside, node.now, turn)
            self._inside = players.learned(inside, edge.outcome, node.now, messages=said_aloud(cast.game, turn))
            calls = tuple(call for policy in players.policies.values() for call in policy.calls())
            forecasts = forecasts | {seat: said.probs for seat, said in turn.forecasts.items()}
        gained = list(edge.rewards)
        if self._ledger is not None:
            self._reward(gained, edge, found)
        self.steps.append(
            Step(node.state, node.now, edge.actions, edge.outcome, forecasts, foreseen, turn.decisions, found, calls)
        )
        self.gains.append(gained)
        if self._replaced or self.flagged:
            self.flagged, self._replaced = self._replaced, set()
            for seat in self.flagged:
                self.illegal[seat] += 1
        self.node, self.over = edge.node, edge.terminated
        self._chosen, self._forecasts = [-1] * len(gained), {}
        return gained

    def _reward(self, gained: list[float], edge: Edge, found: dict[int, Any]) -> None:
        spec, options, now = self.cast.spec, self.cast.options, self.node.now
        assert self._ledger is not None
        if options.rows == "all":
            for seat, truth in found.items():
                gained[seat] += options.forecast_reward * float(expected_gain(self._forecasts[seat], truth, seat)[0])
            return
        can = attainable(spec, self.cast.game.legal(self.node.state))
        self._ledger, gains = self._ledger.settle(
            spec, now, edge.actions, edge.outcome.reactions, can, self._forecasts, np.array([edge.terminated])
        )
        for seat in self.cast.outside:
            gained[seat] += options.forecast_reward * float(gains[0, seat])

    def observation(self, seat: int) -> dict[str, Any]:
        """What `seat` sees: `observation` float32 `[O]` and `action_mask` int8 `[A]`, in arrays of its own."""
        node = self.node
        return {"observation": node.observations[seat].copy(), "action_mask": node.masks[seat].copy()}

    def text(self, seat: int) -> str:
        """What `seat` sees, in words."""
        seen, reward = None, None
        if self.steps:
            now, outcome = self.steps[-1].now, self.steps[-1].outcome
            everything = position.all_see(outcome, now) if outcome.seen is None else outcome.seen[:, seat]
            seen = everything[0].tolist()
            reward = float(outcome.rewards[0, seat])
        legal = sorted(self.node.legal[seat]) if self.node.active[seat] else []
        said = {"legal": legal, "seen": seen, "reward": reward, "over": self.over}
        return self.cast.told(seat, len(self.steps), self.node.state, **said)

    def episodes(self) -> Episodes:
        """What was played so far, as the arena would have recorded it."""
        return episodes(self.cast, self.steps, self.streams, np.array([self.number]), np.array([self.over]))

    def summaries(self) -> dict[int, Summary]:
        """What `infos["episode"]` holds at the end, for each outside seat."""
        computed: list[list[dict[str, float]]] = []

        def make(seat: int) -> dict[str, float]:
            if not computed:
                computed.extend(metrics(self.episodes(), self.cast.options.metrics))
            total = sum(gained[seat] for gained in self.gains)
            counted = {"r": total, "l": len(self.steps), "illegal_actions": self.illegal[seat]}
            return counted | computed[0][seat]

        return {seat: Summary(partial(make, seat)) for seat in self.cast.outside}
