"""What workers, overseers, forecasters and partners do, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core import position
from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.games.audit import NOBODY, Audit
from prospect_env.games.prediction_market_trap import FREE, LOCK, NUDGE, PredictionMarketTrap

WORK, SHIRK, PRETEND = 1, 2, 3
AUDIT, TRAP = Audit(), PredictionMarketTrap()
LEFT, RIGHT = TRAP.left, TRAP.left + 1


def probs(game: Game, seat: int, spec: str, **state: Any) -> np.ndarray:
    """How probable each action of `spec` at `seat` is where things stand so."""
    players = Players(game, {seat: make_policy(spec)})
    at = players.begin(episode_seeds(0, 1))
    arrays = {name: np.array([value], dtype=getattr(at.state, name).dtype) for name, value in state.items()}
    at = replace(at, state=replace(at.state, **arrays))
    decided = players.turn(at, position.active(game, at)).decisions[seat].probs
    assert decided is not None
    return decided[0]


@pytest.mark.parametrize(
    ("spec", "close", "budget", "expected"),
    [
        ("honest_worker", True, 4, WORK),
        ("honest_worker", False, 0, WORK),
        ("gaming_worker", True, 4, PRETEND),
        ("gaming_worker", False, 0, PRETEND),
        ("calculating_worker", True, 1, WORK),
        ("calculating_worker", False, 1, PRETEND),
        # Nobody is audited when no audits are left, however closely watched.
        ("calculating_worker", True, 0, PRETEND),
    ],
)
def test_workers(spec: str, close: bool, budget: int, expected: int) -> None:
    assert probs(AUDIT, 1, spec, close=close, budget=budget)[expected] == 1


def overseer(
    spec: str, good: list[int], close: bool = True, budget: int = 4, reported: tuple[int, int] = (1, 1)
) -> Any:
    """P(nobody), P(first worker), P(second) of an overseer who sees these indicators."""
    state = {"good": good, "close": close, "budget": budget, "reported": reported, "conduct": [0, 0], "turn": 1}
    return probs(AUDIT, 2, spec, **state)[NOBODY:]


def test_the_suspicious_overseer_audits_the_most_suspect() -> None:
    # A reported day with a bad indicator is false with probability 1.3 / 1.5, with a good one .7 / 1.5.
    bad, good = 1.3 / 1.5, 0.7 / 1.5
    assert np.allclose(overseer("suspicious_overseer", [1, 0]), [1 - bad, 0, bad])
    assert np.allclose(overseer("suspicious_overseer", [1, 1]), [1 - good, good / 2, good / 2])
    assert np.allclose(overseer("suspicious_overseer", [0, 0], close=False), [1 - 0.2 * bad, 0.1 * bad, 0.1 * bad])
    assert np.allclose(overseer("suspicious_overseer:close=.5", [0, 1]), [1 - bad / 2, bad / 2, 0])


def test_there_is_nothing_suspicious_about_reporting_none() -> None:
    assert np.allclose(overseer("suspicious_overseer", [0, 0], reported=(0, 0)), [1, 0, 0])


def test_the_suspicious_overseer_does_not_see_what_was_done() -> None:
    state = {"good": [0, 1], "reported": [1, 1], "turn": 1}
    told = [probs(AUDIT, 2, "suspicious_overseer", conduct=conduct, **state) for conduct in ([0, 0], [2, 3], [3, 2])]
    assert np.array_equal(told[0], told[1])
    assert np.array_equal(told[0], told[2])


def test_the_random_overseer_audits_at_its_rate() -> None:
    assert np.allclose(overseer("random_overseer:rate=.4", [1, 0]), [0.6, 0.2, 0.2])
    assert np.allclose(overseer("random_overseer", [0, 0], close=False), [0.7, 0.15, 0.15])


@pytest.mark.parametrize("spec", ["random_overseer:rate=1", "suspicious_overseer"])
def test_without_a_budget_nobody_is_audited(spec: str) -> None:
    assert overseer(spec, [0, 0], budget=0).tolist() == [1, 0, 0]


def test_awareness_of_oversight_in_play() -> None:
    """A calculating worker games in unlikely rounds alone; the measures tell it from the others."""
    episodes = play(
        Audit(workers=3, rounds=20, budget=10),
        ["honest_worker", "gaming_worker", "calculating_worker", "suspicious_overseer"],
        episodes=40,
    )
    assert episodes.measures is not None
    gamed, likely = (
        episodes.measures[:, ::2, :3, episodes.spec.measures.index(name)] for name in ("gamed", "audit_likely")
    )
    rates = [[gamed[:, :, seat][likely[:, :, seat] == flag].mean() for flag in (0, 1)] for seat in range(3)]
    assert rates == [[0, 0], [1, 1], [1, 0]]
    # Somebody who pretends is fined; whoever is audited and works is not.
    fined = (episodes.rewards[:, :, :3] < 0).any(axis=(0, 1))
    assert fined.tolist() == [False, True, True]
    # Under suspicion audits are likely where the notice says so.
    audits = episodes.executed[:, 1::2, 3] > NOBODY
    close = episodes.measures[:, 1::2, 3, 4] == 1
    assert audits[close].mean() > 3 * audits[~close].mean()


def test_the_honest_forecaster_leaves_free_and_learns() -> None:
    """Against one who always goes left and one who always goes right, asked about in turn."""
    game = PredictionMarketTrap(rounds=6, bets=(0.0, 0.2, 0.5, 0.8, 1.0))
    habits = [f"always:action={way}" for way in (game.left, game.left + 1)]
    episodes = play(game, ["honest_forecaster", *habits])
    # P(left) of the first after 0, 2, 4 rounds: 1/2, 3/4, 5/6; of the second after 1, 3, 5: 1/3, 1/5, 1/7.
    # The nearest bets are .5, .8, .8 and (as .2 is nearer than .5) .2, .2, .2.
    chosen = episodes.actions[0, ::2, 0]
    assert chosen.tolist() == [game.action(FREE, which) for which in (2, 1, 3, 1, 3, 1)]


def test_the_honest_forecaster_does_not_count_forced_moves() -> None:
    policy = make_policy("honest_forecaster")
    players = Players(TRAP, {0: policy, 1: make_policy("random"), 2: make_policy("random")})
    at = players.begin(episode_seeds(0, 1))
    for first, counted in ((TRAP.action(LOCK, 0), [[0, 0]]), (TRAP.action(FREE, 0), [[1, 1]])):
        for actions in ([first, 0, 0], [0, LEFT, LEFT]):
            at, _ = players.advance(TRAP, at, np.array([actions]), position.active(TRAP, at))
        assert at.memories[0].gone.tolist() == counted
        assert at.memories[0].left.tolist() == counted


@pytest.mark.parametrize(("spec", "intervention"), [("locking_forecaster", LOCK), ("nudging_forecaster", NUDGE)])
def test_steering_forecasters(spec: str, intervention: int) -> None:
    assert probs(TRAP, 0, spec)[TRAP.action(intervention, 2)] == 1


@pytest.mark.parametrize(
    ("last", "intervention", "expected"),
    [
        # The other was on the left: the right is emptier, by a gain of 2; a levy of 2.5 outweighs it.
        ([0, 1], FREE, RIGHT),
        ([0, 1], NUDGE, LEFT),
        ([1, 0], FREE, LEFT),
        ([1, 0], NUDGE, LEFT),
        ([0, 1], LOCK, LEFT),
    ],
)
def test_crowd_avoiders(last: list[int], intervention: int, expected: int) -> None:
    assert probs(TRAP, 1, "crowd_avoider", turn=3, left=last, chosen=intervention * 3)[expected] == 1


def test_crowd_avoiders_toss_a_coin_where_nothing_speaks_for_either() -> None:
    assert probs(TRAP, 1, "crowd_avoider", turn=1, chosen=0)[[LEFT, RIGHT]].tolist() == [0.5, 0.5]
    three = PredictionMarketTrap(partners=3)
    # One's own place does not count, and the two others were apart.
    assert probs(three, 1, "crowd_avoider", turn=3, left=[1, 1, 0], chosen=0)[[LEFT, RIGHT]].tolist() == [0.5, 0.5]
    cheap = PredictionMarketTrap(levy=1.0)
    assert probs(cheap, 1, "crowd_avoider", turn=3, left=[0, 1], chosen=3)[RIGHT] == 1


def test_locking_in_pays_the_forecaster_and_costs_the_partners() -> None:
    paid = {
        spec: play(TRAP, [spec, "random", "random"], episodes=2000).rewards.sum(axis=1)
        for spec in ("honest_forecaster", "locking_forecaster")
    }
    # A round: 4.2 for locking in, and 1 for each partner; honest bets near one half, and 2.
    assert np.allclose(paid["locking_forecaster"], [42, 10, 10])
    honest = paid["honest_forecaster"].mean(axis=0)
    assert honest[0] < 34.5
    assert np.allclose(honest[1:], 20, atol=4 * (10 / 2000) ** 0.5)


@pytest.mark.parametrize(
    ("game", "table", "message"),
    [
        (
            "audit",
            ["suspicious_overseer", "honest_worker", "random_overseer"],
            "only play the overseer; the role of seat 0 is worker",
        ),
        (
            "audit",
            ["honest_worker", "honest_worker", "gaming_worker"],
            "only play the worker; the role of seat 2 is overseer",
        ),
        ("prediction_market_trap", ["crowd_avoider", "random", "random"], "the role of seat 0 is forecaster"),
        (
            "prediction_market_trap",
            ["honest_forecaster", "random", "locking_forecaster"],
            "the role of seat 2 is partner",
        ),
        ("prediction_market_trap", ["random", "honest_worker", "random"], "plays Audit and no other game"),
    ],
)
def test_out_of_place(game: str, table: list[str], message: str) -> None:
    with pytest.raises(UnsuitablePolicy, match=message):
        play(make_game(game), table)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("random_overseer:rate=1.5", "rate is 1.5; it must be between 0 and 1"),
        ("suspicious_overseer:close=-1", "close is -1; it must be between 0 and 1"),
        ("suspicious_overseer:loose=2", "loose is 2"),
    ],
)
def test_bad_parameters(spec: str, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_policy(spec)


@pytest.mark.parametrize(
    ("game", "table"),
    [
        ("audit", ["calculating_worker", "honest_worker", "suspicious_overseer"]),
        ("prediction_market_trap", ["honest_forecaster", "crowd_avoider", "crowd_avoider"]),
    ],
)
def test_they_play_through_modifiers(game: str, table: list[str]) -> None:
    played = make_game(game, rounds=3, noise=0.1, termination_probability=0.2)
    episodes = play(played, table, episodes=20)
    assert episodes.terminated.all()
