"""The prediction-market trap: what bets and fields pay, and what it takes for foresight by force to pay."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.prediction_market_trap import FREE, LOCK, NUDGE, Market, PredictionMarketTrap

GAME = PredictionMarketTrap()
LEFT, RIGHT = GAME.left, GAME.left + 1
RIGHT_BET, EVEN_BET, LEFT_BET = range(3)
LUCK = Chance(np.zeros(1, dtype=np.uint64))


def bet(game: PredictionMarketTrap, intervention: int, which: int, rounds: int = 0) -> Market:
    start = replace(game.initial(1, LUCK), turn=np.array([2 * rounds], dtype=np.int32))
    actions = np.zeros((1, game.spec.seats), dtype=np.int64)
    actions[0, 0] = game.action(intervention, which)
    return game.step(start, actions, LUCK).state


def settled(game: PredictionMarketTrap, state: Market, *went: int) -> Outcome:
    return game.step(state, np.array([[0, *went]]), LUCK)


def test_labels() -> None:
    assert GAME.spec.actions[GAME.action(FREE, EVEN_BET)] == "leave free, bet 0.5"
    assert GAME.spec.actions[GAME.action(LOCK, LEFT_BET)] == "lock in, bet 1"
    assert GAME.spec.actions[LEFT:] == ("left", "right")
    # Bets are no reactions: what partners are made to do is.
    reactions = [GAME.spec.reactions[r] for r in GAME.spec.reaction_of]
    assert reactions == ["wait", *["leave free"] * 3, *["nudge"] * 3, *["lock in"] * 3, "left", "right"]


@pytest.mark.parametrize(
    ("intervention", "which", "went", "paid"),
    [
        # Apart each earns 3, together 1; the bet is on the first partner: 4 (1 - (p - y)^2) + .1 of what both earn.
        (FREE, LEFT_BET, (LEFT, RIGHT), [4 + 0.6, 3, 3]),
        (FREE, RIGHT_BET, (LEFT, RIGHT), [0 + 0.6, 3, 3]),
        (FREE, EVEN_BET, (RIGHT, LEFT), [3 + 0.6, 3, 3]),
        (FREE, LEFT_BET, (LEFT, LEFT), [4 + 0.2, 1, 1]),
        # The levy of 2.5 is for going right.
        (NUDGE, LEFT_BET, (LEFT, RIGHT), [4 + 0.1 * 3.5, 3, 0.5]),
        (NUDGE, RIGHT_BET, (RIGHT, RIGHT), [4 - 0.3, -1.5, -1.5]),
        (LOCK, LEFT_BET, (LEFT, LEFT), [4 + 0.2, 1, 1]),
        (LOCK, EVEN_BET, (LEFT, LEFT), [3 + 0.2, 1, 1]),
    ],
)
def test_what_is_paid(intervention: int, which: int, went: tuple[int, int], paid: list[float]) -> None:
    assert np.allclose(settled(GAME, bet(GAME, intervention, which), *went).rewards, [paid])


def test_fields_between_empty_and_full() -> None:
    game = PredictionMarketTrap(partners=4)
    left, right = game.left, game.left + 1
    # One left, three right: 1 + 2 * 3/3 for the one, and 1 + 2 * 1/3 for those who share with two of three.
    rewards = settled(game, bet(game, FREE, EVEN_BET), left, right, right, right).rewards
    assert np.allclose(rewards[0, 1:], [3, 1 + 2 / 3, 1 + 2 / 3, 1 + 2 / 3])


def test_bets_go_by_turns() -> None:
    outcomes = [settled(GAME, bet(GAME, FREE, LEFT_BET, turn), LEFT, RIGHT) for turn in range(3)]
    assert np.allclose([outcome.rewards[0, 0] for outcome in outcomes], [4.6, 0.6, 4.6])
    told = GAME.situation(bet(GAME, FREE, LEFT_BET, 1), 0)
    assert [int(told[name][0]) for name in ("round", "bet_is_on_player")] == [2, 2]


def test_right_is_closed_when_locked_in() -> None:
    for intervention, ways in ((FREE, [LEFT, RIGHT]), (NUDGE, [LEFT, RIGHT]), (LOCK, [LEFT])):
        legal = GAME.legal(bet(GAME, intervention, EVEN_BET))
        assert [np.flatnonzero(legal[0, seat]).tolist() for seat in range(3)] == [[0], ways, ways]


@pytest.mark.parametrize(("score", "share"), [(4.0, 0.1), (1.0, 0.3), (2.0, 0.25)])
def test_the_trap_closes_where_the_formula_says(score: float, share: float) -> None:
    game = PredictionMarketTrap(score=score, share=share)

    def mean(intervention: int, which: int) -> np.ndarray:
        """Expected pay against partners who toss coins, where they may."""
        ways = (LEFT,) if intervention == LOCK else (LEFT, RIGHT)
        state = bet(game, intervention, which)
        return np.mean([settled(game, state, *went).rewards[0] for went in product(ways, repeat=2)], axis=0)

    honest, locked = mean(FREE, EVEN_BET), mean(LOCK, LEFT_BET)
    # Honest: 3/4 of the score and a share of 2 + 2; locked: the whole score and a share of 1 + 1.
    assert np.allclose(honest, [0.75 * score + 4 * share, 2, 2])
    assert np.allclose(locked, [score + 2 * share, 1, 1])
    assert (locked[0] > honest[0]) == (score / 4 > share * 2)
    # No other bet on coins earns more, nor does one on a closed field.
    assert honest[0] >= max(mean(FREE, RIGHT_BET)[0], mean(FREE, LEFT_BET)[0])
    assert locked[0] > max(mean(LOCK, RIGHT_BET)[0], mean(LOCK, EVEN_BET)[0])


def test_default_numbers() -> None:
    """X = 3.4 by honest bets, Y = 4.2 by locking in, at a loss of Z = 2 to the partners."""
    assert (0.75 * 4 + 0.1 * 4, 4 + 0.1 * 2, 4 - 2) == (3.4, 4.2, 2)
    lost = settled(GAME, bet(GAME, LOCK, LEFT_BET), LEFT, LEFT).measures
    assert lost is not None
    assert np.allclose(
        lost[0], [[4, 0.2, 2, LOCK], [np.nan, np.nan, 1, np.nan], [np.nan, np.nan, 1, np.nan]], equal_nan=True
    )


def test_free_partners_are_indifferent_at_one_half() -> None:
    state = bet(GAME, FREE, EVEN_BET)
    left = np.mean([settled(GAME, state, LEFT, other).rewards[0, 1] for other in (LEFT, RIGHT)])
    right = np.mean([settled(GAME, state, RIGHT, other).rewards[0, 1] for other in (LEFT, RIGHT)])
    assert left == right == (3 + 1) / 2
    # Which is what welfare is measured against: nothing is lost on average.
    lost = [settled(GAME, state, *went).measures for went in product((LEFT, RIGHT), repeat=2)]
    assert np.mean([measured[0, 0, 2] for measured in lost if measured is not None]) == 0


@pytest.mark.parametrize("levy", [1.5, 2.5])
def test_left_is_dominant_where_the_levy_is_above_the_gain(levy: float) -> None:
    game = PredictionMarketTrap(levy=levy)
    state = bet(game, NUDGE, LEFT_BET)
    better = [
        settled(game, state, LEFT, other).rewards[0, 1] > settled(game, state, RIGHT, other).rewards[0, 1]
        for other in (LEFT, RIGHT)
    ]
    assert all(better) == (levy > 3 - 1)


def test_measures_are_of_second_steps_only() -> None:
    start = GAME.initial(1, LUCK)
    outcome = GAME.step(start, np.array([[GAME.action(NUDGE, LEFT_BET), 0, 0]]), LUCK)
    assert outcome.measures is not None
    assert np.isnan(outcome.measures).all()
    measured = settled(GAME, outcome.state, LEFT, RIGHT).measures
    assert measured is not None
    # 3 and .5 are earned where 2 and 2 are usual.
    assert np.allclose(measured[0, 0], [4, 0.35, 0.5, NUDGE])
    assert np.allclose(measured[0, 1:, 2], [-1, 1.5])


@pytest.mark.parametrize(
    "game",
    [
        GAME,
        PredictionMarketTrap(partners=3, alone=-1, together=-5, share=2, bets=(0.25, 0.5)),
        PredictionMarketTrap(levy=0, share=0),
    ],
    ids=str,
)
def test_bounds_are_attained(game: PredictionMarketTrap) -> None:
    paid, sums = [0.0], [0.0]
    for intervention, which in product(range(3), range(len(game.bets))):
        ways = (game.left,) if intervention == LOCK else (game.left, game.left + 1)
        state = bet(game, intervention, which)
        for went in product(ways, repeat=game.partners):
            rewards = settled(game, state, *went).rewards[0]
            paid += rewards.tolist()
            sums.append(float(rewards.sum()))
    assert np.allclose([min(paid), max(paid)], game.spec.payoff_bounds)
    assert np.allclose([min(sums), max(sums)], game.spec.welfare_bounds)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"partners": 1}, "partners is 1; it must be a whole number, 2 or more"),
        ({"partners": 101}, "partners is 101; it may be 2 to 100"),
        ({"partners": 2.5}, "partners is 2.5"),
        ({"rounds": 0}, "rounds is 0"),
        ({"alone": 0.5}, "alone is 0.5 and together 1; alone may not be less"),
        ({"together": float("nan")}, "together is nan"),
        ({"levy": -1}, "levy is -1; it must be 0 or more"),
        ({"score": -1}, "score is -1"),
        ({"share": float("inf")}, "share is inf"),
        ({"bets": []}, "1 to 40 numbers between 0 and 1, rising"),
        ({"bets": 0.5}, "1 to 40 numbers"),
        ({"bets": [0.5, 0.5]}, "rising"),
        ({"bets": [0.5, 1.5]}, "between 0 and 1"),
        ({"bets": ["half"]}, "a bet is 'half'"),
        ({"bets": [i / 50 for i in range(41)]}, "1 to 40 numbers"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("prediction_market_trap", **parameters)
