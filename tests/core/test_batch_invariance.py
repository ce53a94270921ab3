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
PAIRS = [(game, spec) for game in games for spec in SPECS]
#: what is tried with many orders, seeds and blocks: every policy in one game, three kinds of policy in every game
TRIED = [
    (game, spec)
    for game, spec in PAIRS
    if game == "prisoners_dilemma" or spec in ("random", "prospective:predictor=bayes", "prospective:predictor=oracle")
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


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(("name", "spec"), PAIRS, ids=str)
def test_every_policy_in_every_game(name: str, spec: str) -> None:
    invariant(name, spec, [3, 0, 5, 4, 1, 2], seed=11, block=4)


@pytest.mark.parametrize(("name", "spec"), TRIED, ids=str)
@settings(max_examples=3)
@given(order=st.permutations(range(6)), seed=st.integers(0, 2**32), block=st.integers(1, 6))
def test_alone_in_a_batch_and_in_another_order(name: str, spec: str, order: list[int], seed: int, block: int) -> None:
    invariant(name, spec, order, seed, block)


def invariant(name: str, spec: str, order: list[int], seed: int, block: int) -> None:
    """A batch, the same matches in another order and other blocks, and one of them alone are the same matches."""
    game = make_game(name, noise=0.2, termination_probability=0.1, **GAME_PARAMETERS[name])
    co_player = "random_memory_one" if len(game.spec.actions) == 2 else "random"
    try:
        whole = play(game, [spec, co_player], episodes=6, seed=seed, branch="all")
    except UnsuitablePolicy:
        assert len(game.spec.actions) != 2
        return
    permuted = play(game, [spec, co_player], episodes=np.array(order), seed=seed, branch="all", block=block)
    same(_cut(whole.select(np.array(order)), permuted.active.shape[1]), permuted)
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
