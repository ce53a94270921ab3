"""Thinking a number of steps ahead, by hand; and answers to what was done last, move by move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from prospect_env.games.levels import level
from prospect_env.games.matrix import matrix_game


def chosen(game: Any, k: int, seat: int = 0) -> dict[str, float]:
    row = level(game, k)[seat]
    return {game.spec.actions[a]: float(row[a]) for a in np.flatnonzero(row)}


def test_level_0_does_anything() -> None:
    assert chosen(make_game("minority"), 0) == {"A": 0.5, "B": 0.5}
    # Only what the seat may do at all.
    game = matrix_game(np.zeros((2, 3, 2)))
    assert level(game, 0).tolist() == [[0.5, 0.5, 0], [pytest.approx(1 / 3)] * 3]


@pytest.mark.parametrize(
    ("fraction", "seats", "expected"),
    [
        (2 / 3, 3, ["33", "22", "15", "10", "7"]),  # 33.3, then 22, 14.7, 10, 6.7 from the whole numbers before
        (2 / 3, 12, ["33", "22", "15", "10", "7"]),
        (0.5, 4, ["25", "12", "6", "3", "2"]),  # halves go to the even number: 12.5, 1.5
    ],
)
def test_levels_of_the_beauty_contest(fraction: float, seats: int, expected: list[str]) -> None:
    game = make_game("beauty_contest", fraction=fraction, seats=seats)
    assert [chosen(game, k) for k in range(1, 6)] == [{guess: 1.0} for guess in expected]


def test_levels_of_the_travellers_dilemma() -> None:
    # 13 claims 10 apart, bonus 20, others uniform. Claiming 10 more than c gains 10 for every claim above c + 10,
    # and loses 10 at c + 10 (from c + 20 to c + 10) and 20 at c: worth it while more than 3 claims are above,
    # indifferent at 3, which is from 160 to 170.
    game = make_game("travellers_dilemma")
    assert chosen(game, 1) == {"160": 0.5, "170": 0.5}
    # Against both: 150 has 170 and 170, 160 has 160 and 180; 170 has 140 and 170.
    assert chosen(game, 2) == {"150": 0.5, "160": 0.5}
    sharp = make_game("travellers_dilemma", bonus=18)
    assert [chosen(sharp, k) for k in (1, 2, 3, 20)] == [{c: 1.0} for c in ("170", "160", "150", "80")]


def test_levels_of_other_games() -> None:
    # One of three volunteers, others by coin: abstaining has 2 x 3/4 > 1. If nobody else does, volunteering has 1 > 0.
    volunteers = make_game("volunteers_dilemma")
    assert [chosen(volunteers, k) for k in (1, 2, 3)] == [{"abstain": 1.0}, {"volunteer": 1.0}, {"abstain": 1.0}]
    assert chosen(make_game("prisoners_dilemma"), 1) == {"defect": 1.0}
    # Seats that are not alike: the row wants to match, most of all on A, and the column to differ.
    game = matrix_game([[[2, 0], [0, 1]], [[0, 1], [1, 0]]])
    assert [list(chosen(game, k, seat)) for k in (1, 2) for seat in (0, 1)] == [["A"], ["A", "B"], ["A"], ["B"]]


def test_modifiers_leave_the_levels_as_they_are() -> None:
    game = make_game("travellers_dilemma", noise=0.3, termination_probability=0.2, affine=[(2, 5), (0.5, -1)])
    for k in (1, 2):
        assert np.array_equal(level(game, k), level(make_game("travellers_dilemma"), k))


def test_what_is_played() -> None:
    game = make_game("beauty_contest", rounds=4)
    episodes = play(game, ["level_k:k=1", "level_k:k=2", "level_k:k=3"], episodes=2)
    assert (episodes.actions == np.array([33, 22, 15])).all()
    # Target 15.6: the last wins every round.
    assert (episodes.rewards == np.array([0, 0, 1], dtype=np.float32)).all()


def test_noise_is_uniform() -> None:
    game = make_game("travellers_dilemma", bonus=18, rounds=50)
    episodes = play(game, ["level_k:k=1,noise=.26", "random"], episodes=200)
    shares = np.bincount(episodes.actions[:, :, 0].ravel(), minlength=13) / 10_000
    expected = np.where(np.arange(13) == 9, 0.74 + 0.02, 0.02)
    assert np.abs(shares - expected).max() < 6 * np.sqrt(0.76 * 0.24 / 10_000)


def dynamics(game: Any, policies: list[str]) -> list[list[int]]:
    return play(game, policies, episodes=1, seed=3).actions[0].tolist()


def test_answers_to_the_last_round() -> None:
    game = make_game("travellers_dilemma", rounds=4)
    # One below what the other did: 12 is answered by 11; from the second round on.
    rows = dynamics(game, ["best_reply_dynamics", "always:action=12"])
    assert [row[0] for row in rows[1:]] == [11, 11, 11]
    # Two steps of thinking: the other answers what one did oneself, with one below.
    mine = dynamics(game, ["best_reply_dynamics:k=2", "always:action=12"])
    assert all(mine[t][0] == max(mine[t - 1][0] - 2, 0) for t in (1, 2, 3))


def test_answers_keep_to_what_is_as_good() -> None:
    # Three seats, the others on different sides: neither side is the smaller one with oneself on it.
    game = make_game("minority", rounds=12)
    episodes = play(game, ["best_reply_dynamics", "always:action=0", "always:action=1"], episodes=20)
    mine = episodes.actions[:, :, 0]
    assert (mine == mine[:, :1]).all()
    assert set(mine[:, 0].tolist()) == {0, 1}
    # Both others on A: B from the second round on.
    rows = dynamics(game, ["best_reply_dynamics", "always:action=0", "always:action=0"])
    assert [row[0] for row in rows[1:]] == [1] * 11


def test_answers_in_the_beauty_contest() -> None:
    game = make_game("beauty_contest", rounds=3)
    rows = dynamics(game, ["best_reply_dynamics", "always:action=60", "always:action=30"])
    assert [row[0] for row in rows[1:]] == [30, 30]  # two thirds of 45
    rows = dynamics(game, ["best_reply_dynamics:k=2", "always:action=60", "always:action=30"])
    # The others answer (x + 30) / 2 and (x + 60) / 2 with two thirds; those are answered with two thirds of the mean.
    first, second = rows[0][0], rows[1][0]
    others = [round((first + 30) / 3), round((first + 60) / 3)]
    assert second == round(sum(others) / 3)


def test_unequal_action_sets() -> None:
    # The row may do A or B only; the column's C is answered with B.
    game = matrix_game([[[1, 0], [0, 0], [0, 1]], [[0, 0], [0, 0], [1, 2]]], rounds=3)
    assert [row[0] for row in dynamics(game, ["best_reply_dynamics", "always:action=2"])][1:] == [1, 1]
    assert [row[1] for row in dynamics(game, ["always:action=0", "best_reply_dynamics"])][1:] == [2, 2]


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("level_k:k=-1", "k is -1; it must be a whole number, 0 to 100"),
        ("level_k:k=1.5", "k is 1.5"),
        ("level_k:k=true", "k is True"),
        ("level_k:k=101", "k is 101"),
        ("level_k:noise=2", "noise is 2"),
        ("best_reply_dynamics:k=0", "k is 0; it must be a whole number, 1 to 100"),
        ("best_reply_dynamics:noise=-1", "noise is -1"),
    ],
)
def test_parameters_out_of_range_are_refused(spec: str, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_policy(spec)


@pytest.mark.parametrize("spec", ["level_k", "best_reply_dynamics"])
@pytest.mark.parametrize("game", [make_game("stackelberg"), make_game("minority", announcements=True)])
def test_games_that_are_not_played_at_once_are_refused(spec: str, game: Any) -> None:
    with pytest.raises(UnsuitablePolicy, match=f"{spec} cannot play"):
        play(game, [spec] + ["random"] * (game.spec.seats - 1))


def test_what_is_too_large_to_think_through_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prospect_env.core.equilibrium.JOINT", 10)
    with pytest.raises(UnsuitablePolicy, match="joint choices"):
        play(make_game("minority", seats=9, prize=7), ["level_k"] + ["random"] * 8)
