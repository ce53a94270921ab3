"""What collectors do on the 3 x 3 board of the coin game, 0 1 2 / 3 4 5 / 6 7 8, and what it brings them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Event, Policy, Table, View
from prospect_env.games.coin_game import CoinGame, CoinState

RIGHT, LEFT, DOWN, UP, STAY = range(5)


def luck() -> Chance:
    return Streams.of(episode_seeds(5, 1), 2).seat(0, 1)


def probs(policy: Policy, memory: Any, places: tuple[int, int], coin: int, owner: int, game: Game | None = None) -> Any:
    """Which moves seat 0 makes, and how often."""
    game = CoinGame() if game is None else game
    state = CoinState(np.array([places]), np.array([coin]), np.array([owner]), np.zeros(1, dtype=np.int32))
    view = View(game, 0, state, game.legal(state)[:, 0], np.ones(1, dtype=bool), 0, np.zeros(1, dtype=np.int64))
    decision = policy.decide(memory, view, luck(), None)
    assert decision.probs is not None
    assert decision.probs[0, decision.action[0]] > 0
    return {action: float(p) for action, p in enumerate(decision.probs[0]) if p > 0}


def seated(spec: str, game: Game | None = None) -> tuple[Policy, Any]:
    policy = make_policy(spec)
    return policy, policy.begin(Table(CoinGame() if game is None else game, 0, 1, luck()))


TOWARDS = [
    # From 0: a neighbour, a neighbour around the edge, and two that are as near by rows as by columns.
    ((0, 8), 1, {RIGHT: 1.0}),
    ((0, 8), 2, {LEFT: 1.0}),
    ((0, 8), 6, {UP: 1.0}),
    ((0, 8), 4, {RIGHT: 0.5, DOWN: 0.5}),
    ((0, 1), 8, {LEFT: 0.5, UP: 0.5}),
]


@pytest.mark.parametrize("spec", ["greedy_collector", "polite_collector", "tit_for_tat_collector"])
@pytest.mark.parametrize(("places", "coin", "expected"), TOWARDS)
def test_everybody_goes_for_its_own_coin(spec: str, places: Any, coin: int, expected: Any) -> None:
    assert probs(*seated(spec), places, coin, owner=0) == expected


@pytest.mark.parametrize(("places", "coin", "expected"), TOWARDS)
def test_the_greedy_one_goes_for_any(places: Any, coin: int, expected: Any) -> None:
    assert probs(*seated("greedy_collector"), places, coin, owner=1) == expected


@pytest.mark.parametrize("spec", ["polite_collector", "tit_for_tat_collector"])
def test_polite_ones_keep_away_from_others(spec: str) -> None:
    # From 0 with the coin at 1: down and up lead to 3 and 6, two moves from it; left to 2, one move.
    assert probs(*seated(spec), (0, 8), 1, owner=1) == {DOWN: 0.5, UP: 0.5}
    # With the coin at 4: left and up lead to 2 and 6, two moves from it; right and down would lead beside it.
    assert probs(*seated(spec), (0, 8), 4, owner=1) == {LEFT: 0.5, UP: 0.5}
    # On 5 x 5 (0 to 4 / 5 to 9 / ...) with the coin at 12, four moves off in the middle: every neighbour of 0 but 4 and
    # 20, around the edge, is nearer.
    large = CoinGame(height=5, width=5, stay=True)
    assert probs(*seated(spec, large), (0, 8), 12, owner=1, game=large) == pytest.approx(
        {LEFT: 1 / 3, UP: 1 / 3, STAY: 1 / 3}
    )


def test_tit_for_tat_bears_a_grudge() -> None:
    policy, memory = seated("tit_for_tat_collector:grudge=2")
    greedy, polite = {RIGHT: 1.0}, {DOWN: 0.5, UP: 0.5}
    # Own reward of each step, and whether it is greedy after it. -2: its coin was taken, -1: it was shared.
    for reward, angry in [(0, 0), (1, 0), (-2, 1), (0, 1), (1, 0), (-1, 1), (-2, 1), (0, 1), (0, 0)]:
        event = Event(np.array([reward], dtype=np.float32), np.zeros((1, 2), np.int8), np.ones((1, 2), bool))
        memory = policy.observe(memory, event)
        assert probs(policy, memory, (0, 8), 1, owner=1) == (greedy if angry else polite)


def returns(*specs: str, **parameters: Any) -> np.ndarray:
    """Mean returns of 200 matches of 150 steps; standard errors are under 1 coin."""
    game = make_game("coin_game", **parameters)
    return play(game, list(specs), episodes=200).rewards.sum(axis=1).mean(axis=0)


@pytest.mark.parametrize("board", [{}, {"height": 5, "width": 4}], ids=str)
def test_a_social_dilemma(board: dict[str, int]) -> None:
    greedy, polite = returns("greedy_collector", "polite_collector", **board)
    both_polite = returns("polite_collector", "polite_collector", **board)
    both_greedy = returns("greedy_collector", "greedy_collector", **board)
    # Temptation > reward > punishment > sucker: 96, 52, 0 and -39 on the small board. Two equals earn 1 - 2 / 2 a coin.
    assert greedy > both_polite.min() + 10
    assert both_polite.min() > both_greedy.max() + 10
    assert np.abs(both_greedy).max() < 1
    assert polite < -10


def test_tit_for_tat_is_polite_to_the_polite_and_robbed_little() -> None:
    assert np.array_equal(returns("tit_for_tat_collector", "polite_collector"), returns(*["polite_collector"] * 2))
    assert (
        returns("tit_for_tat_collector", "greedy_collector")[0]
        > returns("polite_collector", "greedy_collector")[0] + 30
    )


def test_polite_ones_never_take_anothers_coin() -> None:
    for parameters in ({"seats": 3}, {"height": 1, "width": 3}, {"height": 2, "width": 2}, {"stay": True}):
        game = make_game("coin_game", steps=60, **parameters)
        episodes = play(game, ["polite_collector"] * game.spec.seats, episodes=20)
        assert episodes.rewards.min() == 0
        assert episodes.rewards.sum() > 0


def test_inside_modifiers() -> None:
    game = make_game("coin_game", steps=40, noise=0.1, termination_probability=0.02)
    play(game, ["greedy_collector", "tit_for_tat_collector"], episodes=20)
    # The same walk, paid otherwise: what is greedy or polite does not ask what it is paid.
    plain, mapped = (
        play(make_game("coin_game", steps=40, **extra), ["greedy_collector", "polite_collector"], episodes=5).actions
        for extra in ({}, {"affine": (2.0, 3.0)})
    )
    assert np.array_equal(plain, mapped)
    with pytest.raises(UnsuitablePolicy, match="payoff below 0"):
        play(make_game("coin_game", affine=(2.0, 3.0)), ["tit_for_tat_collector", "random"])


@pytest.mark.parametrize("spec", ["greedy_collector", "polite_collector", "tit_for_tat_collector"])
def test_other_games_are_refused(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match=f"{spec} plays coin_game; this is chicken"):
        play(make_game("chicken", noise=0.1), [spec, "random"])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("grudge", ["0", "1.5", "true", "x"])
def test_a_bad_grudge(grudge: str) -> None:
    with pytest.raises(BadParameter, match=r"grudge is .*; it must be a whole number"):
        make_policy(f"tit_for_tat_collector:grudge={grudge}")
