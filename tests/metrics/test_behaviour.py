"""Returns, welfare, cooperation and reciprocity against hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.core.make import make_game
from tests.metrics.crafted import C, D, episodes


def value(name: str, *matches: str, seat: int = 0, episode: int = 0, **fields: object) -> float:
    return float(metrics.compute(episodes(*matches, **fields), [name])[name][episode, seat])  # type: ignore[arg-type]


def test_return_is_discounted_from_the_first_step() -> None:
    # Seat 0 gets 3, then 5, then 1: 3 + .5 * 5 + .25 * 1 = 5.75; seat 1 gets 3 + .5 * 0 + .25 * 1 = 3.25.
    game = make_game("prisoners_dilemma", discount=0.5)
    assert value("return", "CC DC DD", game=game) == 5.75
    assert value("return", "CC DC DD", seat=1, game=game) == 3.25
    assert value("others_return", "CC DC DD", game=game) == 3.25
    # Undiscounted: (3 + 5 + 1) / 3 steps.
    assert value("mean_reward", "CC DC DD", game=game) == 3.0


def test_steps_after_the_end_count_for_nothing() -> None:
    both = ("CC DC DD", "CC")
    assert value("mean_reward", *both, episode=1) == 3.0
    assert value("cooperation", *both, episode=1) == 1.0
    assert value("return", *both, episode=1) == 3.0


def test_welfare() -> None:
    # Together 6, 5 and 2 in 3 steps: 13/3. The least is 2 a step (DD), the largest 6 (CC): (13/3 - 2) / 4 = 7/12.
    assert value("welfare", "CC DC DD") == pytest.approx(13 / 3)
    assert value("welfare_efficiency", "CC DC DD") == pytest.approx(7 / 12)
    assert value("welfare_regret", "CC DC DD") == pytest.approx(5 / 12)


def test_welfare_efficiency_is_undefined_where_welfare_is_fixed() -> None:
    assert np.isnan(value("welfare_efficiency", "CC DC", game="matching_pennies"))


def test_equality() -> None:
    # Returns 9 and 4: 1 - (5 + 5) / (2 * 2 * 13) = 1 - 10/52.
    assert value("equality", "CC DC DD") == pytest.approx(1 - 10 / 52)
    assert value("equality", "CC") == 1.0
    # Returns 5 and 0, all to one of two: 1 - 10/20.
    assert value("equality", "DC") == 0.5


@pytest.mark.parametrize("rewards", [[[[1, -1]]], [[[0, 0]]], [[[-1, 3]]]])
def test_equality_is_undefined_with_a_negative_return_or_nothing_to_share(rewards: list[object]) -> None:
    assert np.isnan(value("equality", "CC", rewards=np.array(rewards, dtype=np.float32)))


def test_cooperation_is_what_was_meant() -> None:
    assert value("cooperation", "CC CD DD DD") == 0.5
    # A tremble is no defection.
    assert value("cooperation", "CC CC", executed=[[[C, C], [D, C]]]) == 1.0


@pytest.mark.parametrize(
    "name", ["cooperation", "niceness", "exploitation", "reciprocity", "retaliation", "forgiveness"]
)
def test_games_without_cooperation_leave_it_undefined(name: str) -> None:
    assert np.isnan(value(name, "CC DC DD CD", game="matching_pennies"))


def test_niceness() -> None:
    assert value("niceness", "CC CD DD") == 1.0  # answers
    assert value("niceness", "CC CD DD", seat=1) == 0.0  # began
    assert value("niceness", "CC DD") == 0.0  # both began
    assert value("niceness", "CC CC") == 1.0
    # The other's hand trembled at step 1 and the seat answers at step 2: it did not begin.
    assert value("niceness", "CC CC DC", executed=[[[C, C], [C, D], [D, C]]]) == 1.0


def test_exploitation() -> None:
    # DC twice, CD once, 5 steps: (2 - 1) / 5.
    assert value("exploitation", "DC DC CD CC DD") == pytest.approx(0.2)
    assert value("exploitation", "DC DC CD CC DD", seat=1) == pytest.approx(-0.2)
    # In a symmetric 2x2 game it is (R_0 - R_1) / (T (temptation - sucker)): (5 + 5 + 0 + 3 + 1 - 9) / (5 * 5).
    assert value("exploitation", "DC DC CD CC DD") == pytest.approx((14 - 9) / (5 * 5))


def test_reciprocity() -> None:
    # The other: C D C C; own after C: D?, after D: ... Own choices 2-5 follow C, D, C, C: C, D, C, D.
    # P(C | C) = 2/3 (C, C, D), P(C | D) = 0/1.
    assert value("reciprocity", "CC CD DC CC DC") == pytest.approx(2 / 3)
    assert np.isnan(value("reciprocity", "CC CC CC"))  # never met a defection


def test_reciprocity_answers_what_was_executed() -> None:
    # The other meant C and did D at step 1; own choice after it is D; after its C (step 0 and 2), C both times.
    done = [[[C, C], [C, D], [D, C], [C, C]]]
    assert value("reciprocity", "CC CC DC CC", executed=done) == 1.0


def test_retaliation() -> None:
    # Wronged (own C, other D) at steps 0 and 2; the answers are D and C.
    assert value("retaliation", "CD DC CD CC") == 0.5
    # A defection on own defection is no provocation.
    assert np.isnan(value("retaliation", "DD DD DD"))


def test_forgiveness() -> None:
    # The other defects at 0, is back at 1 and 2: own choices at steps 2 and 3 are C and D.
    assert value("forgiveness", "CD DC CC DC") == 0.5
    assert np.isnan(value("forgiveness", "CC CC CC"))  # nothing to forgive
    assert np.isnan(value("forgiveness", "CD CD CD"))  # nobody came back


def test_rates_are_pooled_over_episodes_not_averaged() -> None:
    # P(C | D) needs both: 1 of 1 after C in the first episode, 0 of 3 after D over both.
    both = episodes("CC CD DD", "CD DD DD")
    (row,) = metrics.summary(both, ["reciprocity"], by=("seat",), interval=False)[:1]
    assert np.isnan(metrics.compute(both, ["reciprocity"])["reciprocity"][1, 0])
    assert row["value"] == 1.0
