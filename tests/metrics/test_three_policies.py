"""Every metric tells a policy that should score high from one that should score low, and sees through a fake."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from prospect_env import metrics
from prospect_env.arena.play import Branch, play
from prospect_env.core.episodes import Episodes
from prospect_env.core.make import make_game
from prospect_env.core.registry import load
from prospect_env.metrics.metric import Case, Comparison, Metric

EVERY = {name: load(target) for name, target in metrics.catalog.items()}
EPISODES = 30
REFERENCE = "forecasting:actor=random"


@cache
def _played(
    policy: str,
    co_player: str | tuple[str, ...],
    game: str,
    parameters: tuple[tuple[str, str], ...],
    feed: str | None,
    branch: Branch,
) -> Episodes:
    rules = make_game(game, **{name: literal_eval(text) for name, text in parameters})
    feeds = {0: feed} if feed else None
    others = [co_player] * (rules.spec.seats - 1) if isinstance(co_player, str) else co_player
    return play(rules, [policy, *others], EPISODES, branch=branch, feeds=feeds)


def played(
    case: Case, feed: str | None = None, policy: str | None = None, branch: bool = True, **parameters: Any
) -> Episodes:
    merged: Mapping[str, Any] = {**case.parameters, **parameters}
    known = tuple(sorted((name, repr(value)) for name, value in merged.items()))
    return _played(policy or case.policy, case.co_player, case.game, known, feed, case.branch if branch else "none")  # type: ignore[arg-type]


def run(case: Case, name: str) -> Episodes:
    """One of the runs a comparison needs."""
    best = case.policy.split(",temperature")[0]
    match name:
        case "played" | "answers" | "again":
            return played(case)
        case "own" | "own_executed":
            return played(case, branch=False)
        case "reference":
            return played(case, policy=REFERENCE)
        case "marginal" | "oracle":
            return played(case, feed=name, branch=False)
        case "oracle_argmax":
            return played(case, feed="oracle", policy=best, branch=False, noise=0.0)
        case "own_argmax":
            return played(case, policy=best, branch=False, noise=0.0)
        case "own_chosen":
            return played(case, branch=False, noise=0.0)
        case _:
            raise AssertionError(f"say here how the run {name!r} is played")


def figure(name: str, case: Case) -> float:
    one = EVERY[name]
    if isinstance(one, Comparison):
        return metrics.compare(name, {run_name: run(case, run_name) for run_name in one.runs}).value
    rows = metrics.summary(played(case), [name], by=("seat",), interval=False)
    return float(rows[0]["value"])


@pytest.mark.parametrize("name", EVERY)
def test_high_low_and_fake(name: str) -> None:
    about = EVERY[name].about
    high, low, fake = (figure(name, case) for case in (about.high, about.low, about.fake))
    low_end, high_end = about.range
    assert low_end - 1e-9 <= low <= high_end + 1e-9
    assert low_end - 1e-9 <= high <= high_end + 1e-9
    assert high > low + 0.02, "the metric does not tell high from low"
    # The fake tries to look like the better of the two.
    wanted, other = (low, high) if about.direction == "lower" else (high, low)
    falls_short = abs(fake - wanted) > 0.05 * abs(other - wanted)
    if about.exposed_by is None:
        assert falls_short
        assert (fake > wanted) == (other > wanted), "the fake scores better still"
        return
    genuine = about.low if about.direction == "lower" else about.high
    told, caught = (figure(about.exposed_by, case) for case in (genuine, about.fake))
    worse = {"higher": told - caught, "lower": caught - told, "neither": abs(told - caught)}
    assert worse[EVERY[about.exposed_by].about.direction] > 0.05, "the companion metric does not tell the fake either"


@pytest.mark.parametrize("name", EVERY)
def test_what_is_said_of_a_metric_is_complete(name: str) -> None:
    one = EVERY[name]
    assert isinstance(one, Metric | Comparison)
    assert one.name == name
    about = one.about
    assert all((about.unit, about.formula, about.source, about.undefined))
    assert about.range[0] < about.range[1]
    assert about.exposed_by is None or about.exposed_by in EVERY


def test_a_provoker_is_seen_through_by_steering_alone() -> None:
    # It turns a co-player that answers cooperation with a coin into one that always defects: no gap and high skill.
    case = EVERY["steering"].about.high
    assert figure("factual_skill", case) > 0.4
    assert abs(figure("understanding_gap", case)) < 0.1
    made = metrics.compare("steering", {name: run(case, name) for name in ("played", "reference")})
    assert made.low > 0


def test_an_inverted_forecast_is_worth_less_than_nothing() -> None:
    rules = make_game("matching_pennies", rounds=20)
    policies = ["prospective:predictor=oracle,planner=myopic", "random_memory_one"]
    runs = {feed: play(rules, policies, 200, feeds={0: feed}) for feed in ("marginal", "oracle", "inverted")}
    runs["own"] = replace(runs.pop("inverted"), feeds=("own", "own"))
    assert metrics.compare("prediction_efficiency", runs).high < 0
