"""A match is the same alone, in a batch, in another order, and in blocks: over every game and every policy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes, columns
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.make import make_game
from prospect_env.core.registry import games, policies
from tests.samples import GAME_PARAMETERS, POLICY_SPECS

SPECS = sorted({spec for specs in POLICY_SPECS.values() for spec in specs})
#: every policy in one game with noise and a random end, and every game with policies of three kinds
PAIRS = [("prisoners_dilemma", spec) for spec in SPECS] + [
    (game, spec)
    for game in games
    for spec in ("random", "prospective:predictor=bayes", "prospective:predictor=oracle")
    if game != "prisoners_dilemma"
]


def same(a: Episodes, b: Episodes) -> None:
    for column in columns():
        x, y = getattr(a, column.name), getattr(b, column.name)
        assert (x is None) == (y is None), column.name
        if x is not None:
            assert np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), column.name


def test_every_registered_policy_has_a_sample() -> None:
    assert set(POLICY_SPECS) == set(policies)
    assert set(GAME_PARAMETERS) == set(games)


@pytest.mark.parametrize(("name", "spec"), PAIRS, ids=str)
@settings(max_examples=3)
@given(order=st.permutations(range(6)), seed=st.integers(0, 2**32), block=st.integers(1, 6))
def test_alone_in_a_batch_and_in_another_order(name: str, spec: str, order: list[int], seed: int, block: int) -> None:
    game = make_game(name, noise=0.2, termination_probability=0.1, **GAME_PARAMETERS[name])
    co_player = "random_memory_one" if len(game.spec.actions) == 2 else "random"
    try:
        whole = play(game, [spec, co_player], episodes=6, seed=seed, branch="all")
    except UnsuitablePolicy:
        assert len(game.spec.actions) != 2 or game.spec.seats != 2 or "oracle" in spec
        return
    permuted = play(game, [spec, co_player], episodes=np.array(order), seed=seed, branch="all", block=block)
    steps = permuted.active.shape[1]
    same(_cut(whole.select(np.array(order)), steps), permuted)
    alone = play(game, [spec, co_player], episodes=np.array([order[0]]), seed=seed, branch="all")
    same(_cut(whole.select(np.array(order[:1])), alone.active.shape[1]), alone)


def _cut(episodes: Episodes, steps: int) -> Episodes:
    """`episodes` without the steps that none of them played."""
    from dataclasses import replace

    shorter = {
        column.name: getattr(episodes, column.name)[:, :steps]
        for column in columns()
        if getattr(episodes, column.name) is not None and column.metadata["axes"] != "E"
    }
    return replace(episodes, **shorter)
