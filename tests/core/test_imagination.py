"""What is imagined is neither what is real nor what one toss of a coin says."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_agents.planners.lookahead import LookAhead, Myopic
from prospect_env.arena.play import play
from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.position import active, chance, view
from prospect_env.core.unfold import Unfolding, blend
from tests.toys import Cards, Weather

ENDING = make_game("prisoners_dilemma", rounds=30, termination_probability=0.3)


def values(planner: LookAhead, tensor: np.ndarray) -> np.ndarray:
    at = Players(ENDING, {0: make_policy("random"), 1: make_policy("random")}).begin(episode_seeds(0, 50))
    seen = view(ENDING, at, 0, active(ENDING, at))
    return planner.values(seen, chance(at, 0), Forecast(np.repeat(tensor, 50, axis=0)))


def tensor(now: tuple[float, float]) -> np.ndarray:
    """P(C) of the other now, for own C and own D; after own C it does C for certain, after own D never."""
    made = np.full((1, 2, 2, 2, 2), 0.5)
    for action, p in enumerate(now):
        made[0, 0, action, 1] = [p, 1 - p]
        made[0, 1, action, 1] = [1 - action, action]
    return made


def test_ends_by_chance_are_reckoned_with_and_not_tossed_for() -> None:
    # As without an end, but what comes next is worth .9 * (1 - .3): Q(C) = 2.4 + .63 * 5, Q(D) = 4.2 + .63 * 1.
    assert np.allclose(values(LookAhead(2, discount=0.9), tensor((0.8, 0.8))), [2.4 + 3.15, 4.2 + 0.63])


def test_forecasts_say_what_follows_if_the_match_goes_on() -> None:
    rider = "forecasting:actor=always_defect,predictor=bayes"
    episodes = play(ENDING, [rider, "always_defect"], episodes=400, branch="all")
    assert episodes.forecast is not None
    assert episodes.mask is not None
    later = episodes.mask[:, 2:, 0, 1, 1, 1]
    # It has seen D answered by D before: nobody whose next row is scored may still be at one half.
    assert later.sum() > 100
    assert (episodes.forecast[:, 2:, 0, 1, 1, 1, 1][later] > 0.6).all()


def test_deep_planners_discount_ends_by_chance() -> None:
    """Against a certain defector every step pays 1 for D, so Q(D) = sum of (discount * .7)^t."""
    spec = "prospective:predictor=oracle,depth=4,discount=.5"
    episodes = play(ENDING, [spec, "always_defect"], episodes=20)
    assert episodes.values is not None
    assert np.allclose(episodes.values[:, 0, 0, 1], sum(0.35**t for t in range(4)), atol=1e-5)


@pytest.mark.parametrize("depth", [2, 4])
def test_the_oracle_does_not_see_the_end_coming(depth: int) -> None:
    spec = f"prospective:predictor=oracle,depth={depth},discount=1"
    episodes = play(ENDING, [spec, "grim"], episodes=300)
    last = np.arange(episodes.active.shape[1]) == episodes.length[:, None] - 1
    ended = last & (episodes.length[:, None] < 30)
    assert ended.sum() > 100
    earlier = episodes.played & ~last
    assert (episodes.actions[..., 0][ended] == 1).mean() == (episodes.actions[..., 0][earlier] == 1).mean() == 0.0
    assert episodes.forecast is not None
    assert (episodes.forecast[:, :, 0, 1, :, 1][ended] != 0.5).all(), "the tensor must not give the end away either"


def test_nobody_is_handed_real_streams() -> None:
    players = Players(ENDING, {0: make_policy("prospective:predictor=oracle"), 1: make_policy("random")})
    at = players.begin(episode_seeds(0, 5))
    asking = players.turn(at, active(ENDING, at)).forecasts[0].asking
    assert asking is not None
    real = {int(key) for keys in at.streams.keys.values() for key in keys}
    held = {int(key) for node in asking.nodes for keys in node.streams.keys.values() for key in keys}
    assert held
    assert not held & real


def test_an_oracle_cannot_be_asked_on_where_something_is_hidden() -> None:
    with pytest.raises(UnsuitablePolicy, match="asked on"):
        play(Cards(), ["prospective:predictor=oracle,depth=3", "random", "random"])


def test_blend_by_hand() -> None:
    shape = (1, 2, 1, 1, 2)

    def part(p: float, acts: bool, reward: float) -> Unfolding:
        probs = np.full(shape, [p, 1 - p])
        return Unfolding(probs, np.full(shape[:-1], acts), np.full(shape, acts), np.full((1, 1, 1), reward))

    # A draw in which nobody acts has no say in the probabilities, but its payoff counts.
    mixed = blend([part(0.2, True, 1), part(0.4, True, 2), part(0.5, False, 6)])
    assert np.allclose(mixed.probs, [0.3, 0.7])
    assert mixed.mask.all()
    assert mixed.rewards.item() == 3
    none = blend([part(0.9, False, 0), part(0.9, False, 0)])
    assert np.allclose(none.probs, 0.5)
    assert not none.mask.any()


def test_planners_read_the_row_of_the_action_they_weigh() -> None:
    # A mirror: "if I do C so will they, if I do D so will they". Then C pays 3 and D pays 1.
    assert np.allclose(values(Myopic(), tensor((1.0, 0.0))), [3, 1])


@pytest.mark.parametrize("predictor", ["uniform", "oracle"])
def test_dice_are_thought_of_many_times_and_never_seen(predictor: str) -> None:
    rider = f"forecasting:actor=random,predictor={predictor}"
    episodes = play(Weather(), [rider, "random"], episodes=40, branch="all")
    said = episodes.forecast[:, :-1, 0, 1, :, 1, 1]  # type: ignore[index]
    # The walker goes out in half of the sunny rounds, which are half of all: 1/4, within 4 standard errors of 64 draws.
    assert (np.abs(said - 0.25) < 4 * 0.5 * np.sqrt(0.25 / 64)).all()
    # What really came was sun or none.
    assert set(np.unique(episodes.truth[:, :-1, 0, 1, :, 1, 1])) == {0.0, 0.5}  # type: ignore[index]


def test_planners_think_of_dice_many_times() -> None:
    episodes = play(Weather(), ["prospective:predictor=uniform,depth=3,discount=1", "random"], episodes=5)
    # Going pays 1 in every round, whatever the weather: Q(go) = 3, Q(stay) = 2 with three rounds to look at.
    assert np.allclose(episodes.values[:, 0, 0], [2, 3])  # type: ignore[index]
