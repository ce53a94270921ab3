"""`Batch`: many matches side by side, seen from one seat; matches begin and end each in its own time."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from numpy.typing import NDArray

from prospect_env.core import position
from prospect_env.core.chance import Streams
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import IllegalAction, InvalidForecast
from prospect_env.core.forecast import attainable, check, uniform
from prospect_env.core.state import put, take
from prospect_env.core.turn import said_aloud
from prospect_env.core.unfold import Unfolding
from prospect_env.zoo.cast import Cast
from prospect_env.zoo.history import Step, asked, episodes
from prospect_env.zoo.ledger import Ledger, expected_gain
from prospect_env.zoo.reading import committed, parts
from prospect_env.zoo.truths import truths


class Group(NamedTuple):
    """Matches that began together: their rows in the batch, their numbers, their chance, whether the rules ended them.

    `steps` are those they went through, of the whole batch.
    """

    rows: Int[np.ndarray, " G"]
    numbers: Int[np.ndarray, " G"]
    streams: Streams
    terminated: Bool[np.ndarray, " G"]
    steps: list[Step]


class Tally(NamedTuple):
    """Some of the matches, and all that is needed to say how they went so far."""

    rows: Int[np.ndarray, " K"]
    returns: Float[np.ndarray, " K"]
    lengths: Int[np.ndarray, " K"]
    illegal: Int[np.ndarray, " K"]
    groups: list[Group]

    def episodes(self, cast: Cast) -> tuple[Episodes, Int[np.ndarray, " K"]]:
        """Their records, and the row of each in the batch."""
        recorded = [
            episodes(cast, [step.of(rows, numbers) for step in steps], streams, numbers, terminated)
            for rows, numbers, streams, terminated, steps in self.groups
        ]
        return Episodes.concatenate(recorded), np.concatenate([group.rows for group in self.groups])


class Batch:
    """`size` matches; every array has the match axis first, and `seat` is the one played outside."""

    def __init__(self, cast: Cast, size: int) -> None:
        self.cast, self.size, self.seat = cast, size, cast.outside[0]
        self.at: position.Position | None = None
        self.lengths = np.zeros(size, dtype=np.int64)
        self.returns = np.zeros(size)
        self.illegal = np.zeros(size, dtype=np.int64)
        self.flagged = np.zeros(size, dtype=bool)
        self._ledger = Ledger.empty(size, cast.spec) if cast.options.forecast_reward else None
        self._steps: list[Step] = []
        self._began = np.zeros(size, dtype=np.int64)

    def fork(self) -> Batch:
        """An independent copy at this very point."""
        self.cast.players.require_branchable()
        new = copy(self)
        new._steps = list(self._steps)
        for name in ("lengths", "returns", "illegal", "flagged", "_began"):
            setattr(new, name, getattr(self, name).copy())
        return new

    @property
    def position(self) -> position.Position:
        """Where the matches stand; they must have begun."""
        assert self.at is not None
        return self.at

    def begin(
        self, rows: Int[np.ndarray, " K"], seeds: UInt64[np.ndarray, " K"], numbers: Int[np.ndarray, " K"]
    ) -> None:
        """New matches with these seeds in these rows (at first, in all)."""
        fresh = self.cast.players.begin(seeds, numbers)
        self.at = fresh if len(rows) == self.size else put(self.position, rows, fresh)
        if self._ledger is not None:
            self._ledger = put(self._ledger, rows, Ledger.empty(len(rows), self.cast.spec))
        for name in ("lengths", "returns", "illegal"):
            getattr(self, name)[rows] = 0
        self._began[rows] = len(self._steps)
        # Steps that only finished matches went through are forgotten.
        oldest = int(self._began.min())
        del self._steps[:oldest]
        self._began -= oldest

    def play(self, sent: Any, playing: Bool[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """One step of the matches `playing`; returns what the outside seat gained, 0 elsewhere.

        Raises `IllegalAction` or `InvalidForecast`, and all matches stand where they stood.
        """
        cast, players, seat, at = self.cast, self.cast.players, self.seat, self.position
        now = position.active(cast.game, at) & playing[:, None]
        legal = cast.game.legal(at.state)
        mine, flagged, forecasts = self._read(sent, now[:, seat], legal[:, seat])
        turn = players.turn(at, now)
        for other, said in turn.forecasts.items():
            check(said.probs, cast.spec, other, int(self.lengths.max()), self.size)
        chosen = np.full((cast.spec.seats, self.size), -1, dtype=np.int8).T
        chosen[:, seat] = mine
        for other, decision in turn.decisions.items():
            chosen[:, other] = np.where(now[:, other], decision.action, -1)
        found = truths(cast, at, now, turn, chosen, forecasts) if forecasts and cast.branching else {}
        foreseen = asked(cast, at, now, turn)
        after, outcome = players.advance(cast.game, at, chosen, now, messages=said_aloud(cast.game, turn))
        gained = np.where(playing, outcome.rewards[:, seat].astype(np.float64), 0.0)
        if self._ledger is not None:
            gained += cast.options.forecast_reward * self._rewarded(
                self._ledger, now, chosen, outcome, legal, forecasts, found
            )
        calls = tuple(call for policy in players.policies.values() for call in policy.calls())
        everybodys = forecasts | {other: said.probs for other, said in turn.forecasts.items()}
        before = at.state if cast.forecasting else None
        self._steps.append(
            Step(before, now, chosen, outcome._replace(state=None), everybodys, foreseen, turn.decisions, found, calls)
        )
        self.at, self.flagged = after, flagged
        self.lengths += playing
        self.illegal += flagged
        self.returns += gained
        return gained

    def _read(
        self, sent: Any, asked: Bool[np.ndarray, " B"], legal: Bool[np.ndarray, "B A"]
    ) -> tuple[Int[np.ndarray, " B"], Bool[np.ndarray, " B"], dict[int, NDArray[np.float64]]]:
        """The choices, which of them were replaced, and the forecasts; rows that are not asked may hold anything."""
        options, spec, forecasts = self.cast.options, self.cast.spec, {}
        action, said = sent, None
        if options.forecasting:
            action, said = parts(sent)
            if asked.any():
                forecasts[self.seat] = self._committed(said, asked)
        numbers = np.asarray(action)
        if numbers.shape != (self.size,) or numbers.dtype.kind not in "iu":
            raise IllegalAction(spec.agents[self.seat], int(self.lengths.max()), action, [f"{self.size} whole numbers"])
        inside = (numbers >= 0) & (numbers < len(spec.actions))
        fine = inside & legal[np.arange(self.size), np.where(inside, numbers, 0)]
        flagged = asked & ~fine
        if flagged.any() and options.illegal == "raise":
            row = int(np.argmax(flagged))
            raise IllegalAction(
                self._who(row), int(self.lengths[row]), int(numbers[row]), np.flatnonzero(legal[row]).tolist()
            )
        chosen = np.where(fine, numbers, np.argmax(legal, axis=1))
        return np.where(asked, chosen, -1).astype(np.int8), flagged, forecasts

    def _committed(self, said: Any, asked: Bool[np.ndarray, " B"]) -> NDArray[np.float64]:
        shape, logits = self.cast.spec.forecast_shape, self.cast.options.forecast == "logits"
        whole = said is None or np.shape(said) == (self.size, *shape)
        rows = np.flatnonzero(asked)
        probs, wrong = committed(said[rows] if said is not None and whole else said, (len(rows), *shape), logits)
        if wrong is None:
            if len(rows) == self.size:
                return probs
            filled = uniform((self.size, *shape))
            filled[rows] = probs
            return filled
        if said is None or not whole:
            what = (
                "it is missing" if said is None else f"its shape is {np.shape(said)}; needed is {(self.size, *shape)}"
            )
            raise InvalidForecast(self.cast.spec.agents[self.seat], int(self.lengths.max()), what)
        for row in rows.tolist():
            _, wrong = committed(np.asarray(said[row]), shape, logits)
            if wrong is not None:
                raise InvalidForecast(self._who(row), int(self.lengths[row]), wrong)
        raise AssertionError("a batch of forecasts is wrong, and none of them is")

    def _who(self, row: int) -> str:
        return f"{self.cast.spec.agents[self.seat]} of match {row}"

    def _rewarded(
        self,
        ledger: Ledger,
        now: Bool[np.ndarray, "B N"],
        chosen: Int[np.ndarray, "B N"],
        outcome: Any,
        legal: Bool[np.ndarray, "B N A"],
        forecasts: dict[int, NDArray[np.float64]],
        found: dict[int, Unfolding],
    ) -> Float[np.ndarray, " B"]:
        if self.cast.options.rows == "all":
            worth = [expected_gain(forecasts[seat], truth, seat) for seat, truth in found.items()]
            return worth[0] if worth else np.zeros(self.size)
        can = attainable(self.cast.spec, legal)
        self._ledger, gains = ledger.settle(
            self.cast.spec, now, chosen, outcome.reactions, can, forecasts, outcome.terminated
        )
        return gains[:, self.seat]

    def tally(self, rows: Int[np.ndarray, " K"]) -> Tally:
        """What is known of the matches in `rows`."""
        groups = []
        for began in np.unique(self._began[rows]).tolist():
            members = rows[self._began[rows] == began]
            at = self.position
            groups.append(
                Group(members, at.match[members], take(at.streams, members), at.over[members], self._steps[began:])
            )
        return Tally(rows, self.returns[rows], self.lengths[rows], self.illegal[rows], groups)

    def steps_of(self, row: int) -> list[Step]:
        """The steps that match `row` went through, of the whole batch."""
        return self._steps[self._began[row] :]

    def text(self, row: int) -> str:
        """What the outside seat sees in match `row`, in words."""
        at, seat, seen, reward = self.position, self.seat, None, None
        if self.lengths[row]:
            step = self._steps[-1]
            everything = (
                position.all_see(step.outcome, step.now) if step.outcome.seen is None else step.outcome.seen[:, seat]
            )
            seen, reward = everything[row].tolist(), float(step.outcome.rewards[row, seat])
        one = take(at.state, np.array([row]))
        game = self.cast.game
        legal = np.flatnonzero(game.legal(one)[0, seat]).tolist() if game.active(one)[0, seat] else []
        said = {"legal": legal, "seen": seen, "reward": reward, "over": bool(at.over[row])}
        return self.cast.told(seat, int(self.lengths[row]), one, **said)
