"""`play`: matches between policies, in batches, with every action not taken branched on request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Int

from prospect_env.arena.feeds import make_feed
from prospect_env.arena.rollout import branch_returns
from prospect_env.core import position
from prospect_env.core.chance import episode_seeds
from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.core.feed import Feed
from prospect_env.core.forecast import check
from prospect_env.core.foresee import foreseen_rewards
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players, truths_of
from prospect_env.core.policy import Call, Policy
from prospect_env.core.position import Position
from prospect_env.core.record import Recorder
from prospect_env.core.turn import said_aloud

Branch = Literal["none", "all", "returns"]
BLOCK = 10_000  #: matches played side by side; results do not depend on it


def play(
    game: str | Game,
    policies: Sequence[str | Policy],
    episodes: int | Int[np.ndarray, " E"] = 1,
    seed: int = 0,
    branch: Branch = "none",
    feeds: Mapping[int, str | Feed] | None = None,
    commit: bool = True,
    max_steps: int | None = None,
    block: int = BLOCK,
    progress: Callable[[int], None] | None = None,
) -> Episodes:
    """Play matches and record them.

    `policies` are policies or spec strings, one a seat. `episodes` is a number, or the numbers of the episodes to play
    (an episode is fixed by `seed` and its number, whatever else is played). `branch="all"` branches every own action of
    every forecasting seat, the taken one included, and records the true reactions and everybody's rewards;
    `branch="returns"` also plays every own action of every seat on to the end, which takes time of the order of the
    square of the game's length, and records everybody's returns. `feeds`
    replaces, by seat, what a policy's planner decides by (see `prospect_env.arena.feeds`). With `commit=False` a
    policy whose forecast is replaced whole is not asked for it, which is cheaper where only choices matter. `max_steps`
    cuts matches short. `progress` is called with the number of matches done after each block.

    Raises `UnsuitablePolicy`, `UnknownName` or `BadParameter` before anything is played.
    """
    rules = make_game(game)
    if isinstance(policies, str):
        raise BadParameter(f"policies is {policies!r}; it must be a list of policies, one a seat")
    seated = [make_policy(policy) for policy in policies]
    if len(seated) != rules.spec.seats:
        raise BadParameter(f"{rules.spec.name} has {rules.spec.seats} seats; {len(seated)} policies were given")
    numbers = _numbers(episodes, seed)
    if max_steps is not None and max_steps < 1:
        raise BadParameter(f"max_steps is {max_steps}; it may be 1 or more")
    fed = {seat: make_feed(feed) for seat, feed in (feeds or {}).items()}
    players = Players(rules, dict(enumerate(seated)), fed, commit)
    _check_branch(players, branch)
    parts = []
    for start in range(0, len(numbers), block):
        batch = numbers[start : start + block]
        calls = _prepared(players, batch, seed, max_steps)
        part = _play_block(players, batch, episode_seeds(seed, batch), branch, max_steps)
        parts.append(replace(part, calls=calls + part.calls))
        if progress is not None:
            progress(min(start + block, len(numbers)))
    return Episodes.concatenate(parts)


def _check_branch(players: Players, branch: Branch) -> None:
    """Raise `BadParameter` for a word that is none, `UnsuitablePolicy` where somebody cannot be asked twice."""
    if branch not in get_args(Branch):
        raise BadParameter(f"branch is {branch!r}; it may be {', '.join(map(repr, get_args(Branch)))}")
    if branch == "returns":
        players.require_branchable()
    for seat, policy in players.policies.items():
        if branch == "all" and policy.forecasts:
            players.require_branchable(except_seat=seat)


def _numbers(episodes: int | Int[np.ndarray, " E"], seed: int) -> Int[np.ndarray, " E"]:
    """The numbers of the episodes to play; raises `BadParameter`."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise BadParameter(f"seed is {seed!r}; it must be a whole number")
    numbers = np.arange(episodes) if isinstance(episodes, int | np.integer) else np.asarray(episodes)
    if numbers.ndim != 1 or len(numbers) == 0 or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise BadParameter(f"episodes is {episodes!r}; it may be 1 or more, or the numbers of episodes, 0 or more")
    return numbers


def _prepared(players: Players, match: Int[np.ndarray, " B"], seed: int, max_steps: int | None) -> tuple[Call, ...]:
    """Let the feeds prepare for these matches; returns the model calls that cost.

    A twin is the same match unfed, with a seed derived from the episode's.
    """
    seeds = episode_seeds(seed, match, "twin")
    twin = partial(_play_block, replace(players, feeds={}), match, seeds, "none", max_steps)
    calls = [call for feed in players.feeds.values() for call in feed.prepare(twin)]
    return tuple(replace(call, purpose=f"twin: {call.purpose}") for call in calls)


def _play_block(
    players: Players, match: Int[np.ndarray, " B"], seeds: np.ndarray, branch: Branch, max_steps: int | None
) -> Episodes:
    started = time.perf_counter()
    game = players.game
    horizon = min(game.spec.horizon, max_steps or game.spec.horizon)
    forecasting = any(policy.forecasts for policy in players.policies.values())
    guarded = any(policy.guarded for policy in players.policies.values())
    recorder = Recorder(
        game, match, horizon, forecasting, bool(players.feeds), branch != "none", branch == "returns", guarded
    )
    at = players.begin(seeds, match)
    recorder.begun([call for policy in players.policies.values() for call in policy.calls()])
    for _ in range(horizon):
        now = position.active(game, at)
        if not now.any():
            break
        at = _step(players, at, now, recorder, branch, horizon)
    names = tuple(policy.name or type(policy).__name__ for policy in players.policies.values())
    feeds = tuple(players.feeds[seat].name if seat in players.feeds else "own" for seat in players.policies)
    return replace(recorder.episodes(at.over, names, feeds), seconds=time.perf_counter() - started)


def _step(players: Players, at: Position, now: Any, recorder: Recorder, branch: Branch, horizon: int) -> Position:
    game = players.game
    turn = players.turn(at, now)
    for said in (turn.forecasts, turn.fed) if players.feeds else (turn.forecasts,):
        for seat, forecast in said.items():
            check(forecast.probs, game.spec, seat, recorder.steps, len(now))
    actions = np.empty((game.spec.seats, len(now)), dtype=np.int8).T
    actions[:] = -1
    for seat, decision in turn.decisions.items():
        actions[:, seat] = decision.action if now[:, seat].all() else np.where(now[:, seat], decision.action, -1)
    truths = truths_of(players, at, now, turn) if branch != "none" and turn.forecasts else {}
    foreseen = {
        seat: foreseen_rewards(position.view(game, at, seat, now), position.chance(at, seat), forecast)
        for seat, forecast in turn.forecasts.items()
    }
    left = horizon - recorder.steps
    returns = branch_returns(players, at, now, actions, left) if branch == "returns" else None
    after, outcome = players.advance(game, at, actions, now, messages=said_aloud(game, turn))
    calls = [call for policy in players.policies.values() for call in policy.calls()]
    recorder.record(now, turn, actions, outcome, truths, calls, game.legal(at.state), foreseen, returns)
    return after
