"""`Position`: a batch of matches at one moment, as one immutable value.

State, memories and chance are all in it, so forking is keeping a reference, resetting some matches is a `put`, and a
branch is a `take` followed by one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int, UInt64

from prospect_env.core.chance import Chance, Streams
from prospect_env.core.game import Game, Outcome, State
from prospect_env.core.policy import Event, Memory, Policy, Table, View


@runtime_checkable
class Observer(Protocol):
    """Whoever learns from events: a policy, a predictor or a feed."""

    def observe(self, memory: Memory, event: Event) -> Memory: ...


@dataclass(frozen=True)
class Position:
    """Where a batch of matches stands.

    `memories` holds what each policy played inside remembers, by seat; `over` Bool `[B]` is True for finished matches;
    `match` Int64 `[B]` numbers the matches; `step` is an integer shared by all or Int64 `[B]`.
    """

    state: State
    memories: dict[Any, Memory]
    streams: Streams
    step: int | Int[np.ndarray, " B"]
    over: Bool[np.ndarray, " B"]
    match: Int[np.ndarray, " B"]


def begin(
    game: Game,
    policies: Mapping[int, Policy],
    seeds: UInt64[np.ndarray, " B"],
    match: Int[np.ndarray, " B"] | None = None,
) -> Position:
    """The first position of matches with these seeds; raises what a policy's `begin` raises."""
    batch = len(seeds)
    streams = Streams.of(seeds, game.spec.seats)
    memories = {seat: policy.begin(table(game, seat, streams)) for seat, policy in policies.items()}
    numbers = np.arange(batch) if match is None else match
    return Position(game.initial(batch, streams.game(0)), memories, streams, 1, np.zeros(batch, dtype=bool), numbers)


def table(game: Game, seat: int, streams: Streams) -> Table:
    """What is said to whoever sits down at `seat`."""
    # Step 0 is the sitting down; the first choice is made at step 1.
    return Table(game, seat, streams.batch, streams.seat(seat, 0))


def imagined(view: View, chance: Chance, memories: dict[Any, Memory]) -> Position:
    """A position that is only thought: a draw of the state from what `view` shows, with chance of the thinker's own."""
    state = view.game.believe(view.known, view.seat, chance.imagine())
    streams = Streams.imagined(chance, view.game.spec.seats)
    return Position(state, memories, streams, view.step + 1, np.zeros(streams.batch, dtype=bool), view.match)


def active(game: Game, position: Position) -> Bool[np.ndarray, "B N"]:
    """Who chooses now; nobody in matches that are over."""
    now = game.active(position.state)
    return now & ~position.over[:, None] if position.over.any() else now


def view(game: Game, position: Position, seat: int, now: Bool[np.ndarray, "B N"] | None = None) -> View:
    """What `seat` has before it."""
    asked = active(game, position) if now is None else now
    legal = game.legal(position.state)[:, seat]
    known = position.state if game.spec.perfect_information else game.hide(position.state, seat)
    return View(game, seat, known, legal, asked[:, seat], elapsed(position), position.match)


def elapsed(position: Position) -> int | Int[np.ndarray, " B"]:
    """Steps played so far: 0 at the first choice."""
    return position.step - 1


def chance(position: Position, seat: int) -> Chance:
    """What the policy at `seat` may draw from now."""
    return position.streams.seat(seat, position.step)


def advance(
    game: Game,
    position: Position,
    actions: Int[np.ndarray, "B N"],
    observers: Mapping[Any, Observer],
    now: Bool[np.ndarray, "B N"],
    seats: Mapping[Any, int] | None = None,
    messages: tuple[tuple[str, ...], ...] | None = None,
) -> tuple[Position, Outcome]:
    """One joint step, seen by `observers`; matches that are over are stepped too, and what they do is ignored.

    `observers` are those who learn, by the key of their memory; `seats` says where each sits (by default, its key).
    """
    outcome = game.step(position.state, actions, position.streams.game(position.step))
    return learned(position, outcome, observers, now, seats, messages), outcome


def learned(
    position: Position,
    outcome: Outcome,
    observers: Mapping[Any, Observer],
    now: Bool[np.ndarray, "B N"],
    seats: Mapping[Any, int] | None = None,
    messages: tuple[tuple[str, ...], ...] | None = None,
) -> Position:
    """The position after a step that the rules have taken already, seen by `observers`."""
    memories = dict(position.memories)
    everyone = all_see(outcome, now) if outcome.seen is None else None
    for key, observer in observers.items():
        seat = key if seats is None else seats[key]
        seen = everyone if everyone is not None else outcome.seen[:, seat]  # type: ignore[index]
        memories[key] = observer.observe(memories[key], Event(outcome.rewards[:, seat], seen, now, messages))
    return replace(
        position,
        state=outcome.state,
        memories=memories,
        step=position.step + 1,
        over=position.over | outcome.terminated,
    )


def all_see(outcome: Outcome, now: Bool[np.ndarray, "B N"]) -> Int[np.ndarray, "B N"]:
    """The executed actions as seats see them: -1 where nobody was active."""
    return outcome.executed if now.all() else np.where(now, outcome.executed, -1)
