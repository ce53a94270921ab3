"""Forecasts as views take them: refused with the reason, rewarded as the formula says, scored row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import prospect_env
from prospect_env.core.errors import BadParameter, InvalidForecast, UnsuitablePolicy
from prospect_env.core.policy import Decision, Policy
from tests.toys import Offers

C, D = 0, 1
UNIFORM = np.full((2, 2, 2, 2), 0.5)


def both(mine: Any, theirs: Any = UNIFORM, actions: tuple[int, int] = (C, C)) -> dict[str, Any]:
    return {
        "player_0": {"action": actions[0], "forecast": mine},
        "player_1": {"action": actions[1], "forecast": theirs},
    }


def with_row(row: Any) -> np.ndarray:
    forecast = UNIFORM.copy()
    forecast[1, 0, 1] = row
    return forecast


@pytest.mark.parametrize(
    ("forecast", "reason"),
    [
        (None, "it is missing"),
        (np.full((2, 2, 2), 0.5), r"its shape is \(2, 2, 2\); needed is \(2, 2, 2, 2\)"),
        (with_row([1.2, -0.2]), "it holds a negative probability, -0.2"),
        (with_row([np.nan, 0.5]), "it holds numbers that are not finite"),
        (with_row([np.inf, 0.5]), "it holds numbers that are not finite"),
        (with_row([0.5, 0.4]), r"row \(1, 0, 1\) sums to 0.9; needed is 1 within 0.001"),
        (UNIFORM.astype(str), "its dtype is <U32; numbers are needed"),
        ([[0.5, 0.5], [1.0]], "it is no array: its rows differ in length"),
    ],
)
def test_refused_with_agent_step_and_reason(forecast: Any, reason: str) -> None:
    view = prospect_env.parallel_env("prisoners_dilemma")
    view.reset(seed=1)
    view.step(both(UNIFORM))
    with pytest.raises(InvalidForecast, match=f"invalid forecast of player_1 at step 1: {reason}") as refused:
        view.step(both(UNIFORM, forecast))
    assert (refused.value.agent, refused.value.step) == ("player_1", 1)
    # The match stands where it stood, and takes the next attempt.
    assert len(view.match.steps) == 1
    view.step(both(UNIFORM))
    assert len(view.match.steps) == 2


@pytest.mark.parametrize("sent", [C, {"action": C}], ids=["a bare action", "no forecast"])
def test_missing_in_every_view(sent: Any) -> None:
    turns = prospect_env.env("prisoners_dilemma")
    turns.reset(seed=1)
    with pytest.raises(InvalidForecast, match="it is missing"):
        turns.step(sent)
    assert turns.agent_selection == "player_0"
    single = prospect_env.gym_env("prisoners_dilemma", forecast="probabilities")
    single.reset(seed=1)
    with pytest.raises(InvalidForecast, match="it is missing"):
        single.step(sent)


def test_logits_are_softmaxed_and_every_finite_point_is_legal() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma", forecast="logits")
    view.reset(seed=1)
    logits = np.zeros((2, 2, 2, 2), dtype=np.float32)
    logits[..., 0] = np.log(3.0)
    view.step(both(logits, logits * 100))
    forecast = view.episodes().forecast
    assert forecast is not None
    np.testing.assert_allclose(forecast[0, 0, 0, ..., 0], 0.75, atol=1e-6)
    with pytest.raises(InvalidForecast, match="not finite"):
        view.step(both(logits, np.full_like(logits, np.inf)))


def test_the_callers_array_may_be_used_again() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma")
    view.reset(seed=1)
    mine = UNIFORM.copy()
    view.step(both(mine))
    mine[:] = 0.0
    forecast = view.episodes().forecast
    assert forecast is not None
    assert (forecast == 0.5).all()


def test_factual_reward_by_hand() -> None:
    view = prospect_env.parallel_env("prisoners_dilemma", forecast_reward=2.0, rounds=3)
    view.reset(seed=1)
    mine = UNIFORM.copy()
    mine[0, :, 1] = [0.8, 0.2]  # now, player_1 cooperates with .8, whatever I do
    mine[1, C, 1] = [0.9, 0.1]  # and after my C again with .9
    mine[1, D, 1] = [0.3, 0.7]  # but after my D with .3
    mine[0, :, 0] = [0.0, 1.0]  # of myself: not scored, though as wrong as can be
    # Step 0, I play C and player_1 plays C. Lead 0 resolves: S = (.8 - 1)^2 + .2^2 = .08, S_uniform = .5,
    # so I gain 2 (.5 - .08) = .84 above the payoff of 3. Player_1 said .5 everywhere: 2 (.5 - .5) = 0.
    _, rewards, *_ = view.step(both(mine, actions=(C, C)))
    assert rewards == pytest.approx({"player_0": 3.84, "player_1": 3.0})
    # Step 1, I play D and player_1 plays D. Lead 0: S = .8^2 + .8^2 = 1.28, 2 (.5 - 1.28) = -1.56.
    # The row of step 0 at lead 1 after my C resolves: S = .9^2 + .9^2 = 1.62, 2 (.5 - 1.62) = -2.24. Payoff 1.
    _, rewards, *_ = view.step(both(mine, actions=(D, D)))
    assert rewards == pytest.approx({"player_0": 1 - 1.56 - 2.24, "player_1": 1.0})
    # Step 2, C and C. Lead 0: +.84. The row of step 1 after my D said .3: S = .7^2 + .7^2 = .98, 2 (.5 - .98) = -.96.
    # Rows at lead 1 of this last step never resolve, and add 0.
    _, rewards, terminated, *_ = view.step(both(mine, actions=(C, C)))
    assert rewards == pytest.approx({"player_0": 3 + 0.84 - 0.96, "player_1": 3.0})
    assert all(terminated.values())


def test_reward_for_all_rows_by_hand() -> None:
    view = prospect_env.gym_env(
        "prisoners_dilemma",
        opponents=["tit_for_tat"],
        forecast="probabilities",
        forecast_reward=1.0,
        rows="all",
        rounds=2,
    )
    view.reset(seed=1)
    mine = UNIFORM.copy()
    mine[0, :, 1] = [1.0, 0.0]
    mine[1, C, 1] = [0.9, 0.1]
    mine[1, D, 1] = [0.6, 0.4]
    # Tit for tat cooperates now and then does what I do now, with certainty. All four rows about it are scored at once:
    # lead 0, two rows: S = 0, gain .5 each. Lead 1 after C: S = .1^2 + .1^2 = .02, gain .48.
    # Lead 1 after D (not played): truth is D, S = .6^2 + .6^2 = .72, gain -.22. Sum 1 + .48 - .22 = 1.26; payoff 3.
    _, reward, *_ = view.step({"action": C, "forecast": mine})
    assert reward == pytest.approx(3 + 1.26)
    # In the last step only lead 0 is left: after C and C it cooperates, gain .5 in both rows; D against C pays 5.
    _, reward, *_ = view.step({"action": D, "forecast": mine})
    assert reward == pytest.approx(5 + 1.0)


def test_factual_and_all_rows_agree_where_there_is_one_row_of_each() -> None:
    # Against tit for tat the truth is certain: of the rows "all", those of my own action are the factual ones.
    rewards = {}
    for rows in ("factual", "all"):
        view = prospect_env.gym_env(
            "prisoners_dilemma",
            opponents=["tit_for_tat"],
            forecast="probabilities",
            forecast_reward=1.0,
            rows=rows,
            rounds=6,
        )
        view.reset(seed=1)
        # Uniform in the rows of D, which are never factual here: they gain 0.
        mine = UNIFORM.copy()
        mine[:, C, 1] = [0.7, 0.3]
        rewards[rows] = sum(view.step({"action": C, "forecast": mine})[1] for _ in range(6))
    assert rewards["factual"] == pytest.approx(rewards["all"])


def test_reactions_within_a_window_of_two_steps() -> None:
    view = prospect_env.parallel_env(Offers(rounds=2), forecast_reward=1.0)
    view.reset(seed=1)
    # Reactions: 0 nothing, 1 kind, 2 unkind. The proposer says of the responder: kind for certain.
    sure = np.zeros(view.cast.spec.forecast_shape)
    sure[..., 1] = 1.0
    assert view.agents == ["player_0", "player_1"]
    # Step 0: only the proposer chooses, so nothing about the responder's choice in this step is scored.
    _, rewards, *_ = view.step({"player_0": {"action": 1, "forecast": sure}})
    assert rewards == {"player_0": 0.0, "player_1": 0.0}
    # Step 1: the responder rejects (unkind). S = 2; of its two legal actions one is kind and one unkind, so uniform
    # over what is attainable scores .5, and the proposer gains .5 - 2 = -1.5.
    _, rewards, *_ = view.step({"player_1": {"action": 4, "forecast": sure}})
    assert rewards == pytest.approx({"player_0": -1.5, "player_1": 0.0})
    # Step 2: the proposer offers high (kind): what the responder said of it one step ago resolves: .5 - 0.
    _, rewards, *_ = view.step({"player_0": {"action": 2, "forecast": sure}})
    assert rewards == pytest.approx({"player_0": 0.0, "player_1": 0.5})


def test_all_rows_are_recorded_against_the_truth_as_the_arena_records_them() -> None:
    rounds, noise = 6, 0.1
    view = prospect_env.gym_env(
        "prisoners_dilemma", opponents=["random_memory_one"], forecast="probabilities", rounds=rounds, noise=noise
    )
    view.reset(seed=5)
    for _ in range(rounds):
        view.step({"action": D, "forecast": UNIFORM})
    mine = view.episodes()
    policies = ["forecasting:actor=always_defect,predictor=uniform", "random_memory_one"]
    arena = prospect_env.play(
        prospect_env.make_game("prisoners_dilemma", rounds=rounds, noise=noise), policies, seed=5, branch="all"
    )
    for name in ("actions", "executed", "reactions", "rewards", "length", "terminated"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(arena, name), err_msg=name)
    for name in ("attainable", "branch_rewards"):
        np.testing.assert_array_equal(getattr(mine, name)[:, :, 0], getattr(arena, name)[:, :, 0], err_msg=name)
    assert mine.truth is not None
    assert mine.mask is not None
    assert mine.realised is not None
    assert arena.truth is not None
    assert arena.mask is not None
    np.testing.assert_array_equal(mine.truth[:, :, 0], arena.truth[:, :, 0])
    # Only what I say of my own choice in this step is scored there and not here: it comes with the action.
    assert arena.mask[:, :, 0, 0, :, 0].all()
    assert not mine.mask[:, :, 0, 0, :, 0].any()
    assert (mine.realised[:, :, 0, 0, 0] == -1).all()
    np.testing.assert_array_equal(mine.mask[:, :, 0, :, :, 1], arena.mask[:, :, 0, :, :, 1])


def test_what_needs_co_players_says_so(untyped: None) -> None:
    with pytest.raises(BadParameter, match="rows='all' needs co_players"):
        prospect_env.parallel_env("chicken", rows="all")
    with pytest.raises(BadParameter, match=r"forecast_reward is 1\.0 with forecast='off'"):
        prospect_env.parallel_env("chicken", forecast="off", forecast_reward=1.0)
    with pytest.raises(BadParameter, match="forecast is 'probs'; it may be 'probabilities', 'logits', 'off'"):
        prospect_env.parallel_env("chicken", forecast="probs")


class Once(Policy):
    """Cannot be asked twice."""

    name, branchable = "once", False

    def begin(self, table: Any) -> None:
        return None

    def decide(self, memory: Any, view: Any, chance: Any, forecast: Any) -> Decision:
        return Decision(np.zeros(len(view.active), dtype=np.int8))


def test_co_players_that_cannot_be_asked_twice() -> None:
    with pytest.raises(UnsuitablePolicy, match="'once' at player_1 cannot be asked twice"):
        prospect_env.parallel_env("chicken", co_players={"player_1": Once()})
    # Without forecasts nothing is branched, so it may play; but a fork would ask it twice.
    view = prospect_env.parallel_env("chicken", forecast="off", co_players={"player_1": Once()})
    view.reset(seed=1)
    view.step({"player_0": 1})
    with pytest.raises(UnsuitablePolicy, match="cannot be asked twice"):
        view.fork()
