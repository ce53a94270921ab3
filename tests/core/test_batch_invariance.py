"""A match is the same alone, in a batch, in another order, and in blocks: over every game and every policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospect_agents.planners import lookahead
from prospect_env.arena.play import Branch, play
from prospect_env.core import expand, players, unfold
from prospect_env.core.episodes import Episodes, columns
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.registry import games, policies
from tests.samples import GAME_PARAMETERS, POLICY_SPECS

SPECS = sorted({spec for specs in POLICY_SPECS.values() for spec in specs})
FORECASTING = [spec for spec in SPECS if make_policy(spec).forecasts]
#: kinds of policy that are tried in every game; each of the others in a game of its own
KINDS = (
    "prospective:predictor=bayes",
    "prospective:predictor=oracle",
    "forecasting:actor=(random:p=.3),predictor=bayes",
    "random_reactive",
)
EVENTS = [name for name in games if make_game(name, **GAME_PARAMETERS[name]).spec.events]
#: over several steps an oracle's own planner is asked within its branches too: with few draws, below. Talk and a move
#: make a window of two, and of four where seats move in turns
SLOW: list[tuple[str, str, dict[str, Any]]] = [(game, "prospective:predictor=oracle", {}) for game in EVENTS]
SLOW += [
    (game, "prospective:predictor=oracle", {"announcements": True, "rounds": rounds})
    for game, rounds in (("prisoners_dilemma", 3), ("volunteers_dilemma", 2), ("trust", 1))
]
PAIRS = [pair for game in games for spec in KINDS if (pair := (game, spec, {})) not in SLOW]
#: over one step none is asked there, and all that is branched is quick
PAIRS += [(game, spec, {"window": 1}) for game in EVENTS for spec in KINDS]
#: where a policy is looked for that does not play the prisoner's dilemma: the quick games first
HOMES = sorted(
    games, key=lambda name: (name != "prisoners_dilemma", name in ("harvest", "cleanup", "bargaining"), name)
)


#: policies that play every game of two seats and two actions; if one of them refused, nothing would be tested
EVERYWHERE = ("random", "tit_for_tat", "random_memory_one", *KINDS)


def same(a: Episodes, b: Episodes) -> None:
    for column in columns():
        x, y = getattr(a, column.name), getattr(b, column.name)
        assert (x is None) == (y is None), column.name
        if x is not None:
            assert np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), column.name


def test_every_registered_policy_has_a_sample() -> None:
    assert set(POLICY_SPECS) == set(policies)
    assert set(GAME_PARAMETERS) == set(games)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(("name", "spec", "changes"), PAIRS, ids=str)
def test_every_kind_of_policy_in_every_game(name: str, spec: str, changes: dict[str, Any]) -> None:
    played = invariant(name, spec, [3, 0, 5, 4, 1, 2], seed=11, block=4, around=changes)
    assert played or name != "prisoners_dilemma"


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(("name", "spec", "changes"), SLOW, ids=str)
def test_an_oracle_over_several_steps(
    name: str, spec: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Planners in the branches of a planner take the square of the number of draws: 4 are as good as 64 here.
    for module in (expand, unfold, players, lookahead):
        monkeypatch.setattr(module, "SAMPLES", 4)
    monkeypatch.setattr(lookahead, "DRAWS", 1)
    monkeypatch.setattr(expand, "EXACT", 16)
    assert invariant(name, spec, [3, 0, 5, 4, 1, 2], seed=11, block=4, around=changes)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("spec", SPECS)
def test_every_policy_at_home(spec: str) -> None:
    order, talk, sign = [3, 0, 5, 4, 1, 2], {"announcements": True}, {"contracts": 1.0}
    places = [(name, seat, {}) for name in HOMES for seat in (0, -1)]
    places += [("prisoners_dilemma", 0, around) for around in (talk, sign)]
    home = next(place for place in places if invariant(place[0], spec, order, 11, 4, place[1], place[2]))
    assert home[0] == "prisoners_dilemma" or spec not in EVERYWHERE


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec in EVERYWHERE or spec in FORECASTING])
@settings(max_examples=3)
@given(order=st.permutations(range(6)), seed=st.integers(0, 2**32), block=st.integers(1, 6))
def test_alone_in_a_batch_and_in_another_order(spec: str, order: list[int], seed: int, block: int) -> None:
    assert invariant("prisoners_dilemma", spec, order, seed, block)


def invariant(
    name: str, spec: str, order: list[int], seed: int, block: int, seat: int = 0, around: dict[str, Any] | None = None
) -> bool:
    """A batch, the same matches in another order and other blocks, and one of them alone are the same matches.

    False where the policy does not play this game.
    """
    game = make_game(name, noise=0.2, termination_probability=0.1, **GAME_PARAMETERS[name] | (around or {}))
    two = game.spec.seats == 2 and len(game.spec.actions) == 2
    policies = ["random_memory_one" if two else "random_reactive"] * game.spec.seats
    policies[seat] = spec
    # In a branch of a game of events a planner is asked at every step but the last of the window.
    quick = not game.spec.events or game.spec.window == 1
    branch: Branch = "all" if spec in FORECASTING and quick else "none"
    try:
        whole = play(game, policies, episodes=6, seed=seed, branch=branch)
    except UnsuitablePolicy:
        return False
    permuted = play(game, policies, episodes=np.array(order), seed=seed, branch=branch, block=block)
    same(_cut(whole.select(np.array(order)), permuted.active.shape[1]), permuted)
    alone = play(game, policies, episodes=np.array([order[0]]), seed=seed, branch=branch)
    same(_cut(whole.select(np.array(order[:1])), alone.active.shape[1]), alone)
    return True


def _cut(episodes: Episodes, steps: int) -> Episodes:
    """`episodes` without the steps that none of them played."""
    from dataclasses import replace

    shorter = {
        column.name: getattr(episodes, column.name)[:, :steps]
        for column in columns()
        if getattr(episodes, column.name) is not None and column.metadata["axes"] != "E"
    }
    return replace(episodes, **shorter)
