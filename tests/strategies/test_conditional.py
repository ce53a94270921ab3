"""Policies for any number of seats: what they do after what, in words that games give their actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Decision, Event, Policy, Table, View


class Script(Policy):
    """Does these actions, whatever happens."""

    def __init__(self, actions: Sequence[int]) -> None:
        self.actions, self.name = actions, "script"

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        assert isinstance(view.step, int)
        return Decision(np.full(len(view.active), self.actions[view.step], dtype=np.int8))

    def observe(self, memory: None, event: Event) -> None:
        return None


def answers(game: Game, spec: str, *others: Sequence[int]) -> list[int]:
    """What the policy in seat 0 does against these, step by step."""
    return play(game, [spec, *map(Script, others)], episodes=1).actions[0, :, 0].tolist()


def test_half_of_the_others_are_enough() -> None:
    # Levels 0, 10 and 20 tokens of 20: giving 10 or 20 is cooperation, 20 the upper of the two middle ones.
    game = make_game("public_goods", seats=3, rounds=5, endowment=20)
    one, other = [0, 1, 0, 2, 0], [0, 0, 2, 1, 0]
    assert answers(game, "conditional_cooperator", one, other) == [2, 0, 2, 2, 2]
    assert answers(game, "conditional_cooperator:share=.6", one, other) == [2, 0, 0, 0, 2]
    assert answers(game, "conditional_cooperator:share=0", one, other) == [2] * 5


def test_it_takes_the_middle_of_the_cooperative_actions() -> None:
    game = make_game("public_goods", seats=2, rounds=2, levels=5)
    assert answers(game, "conditional_cooperator", [1, 0]) == [3, 0]


def test_with_two_seats_and_actions_it_is_tit_for_tat() -> None:
    game = make_game("prisoners_dilemma", rounds=8)
    moves = [0, 1, 1, 0, 1, 0, 0, 0]
    assert answers(game, "conditional_cooperator", moves) == answers(game, "tit_for_tat", moves)


def test_what_is_done_in_punishment_does_not_count() -> None:
    # Seat 1 gives all and punishes seat 0 (action 3: nobody is 2), then gives nothing and punishes nobody.
    game = make_game("public_goods", seats=2, rounds=3, levels=2, punishment=True)
    assert answers(game, "conditional_cooperator", [1, 3, 0, 2, 1, 2]) == [1, 2, 1, 2, 0, 2]


def test_only_those_it_sees_count() -> None:
    # On the path 1 - 0 - 2 - 3 seat 0 does not see seat 3, who always gives; one of two is a half.
    game = make_game("public_goods", seats=4, rounds=2, levels=2, network=[(0, 1), (0, 2), (2, 3)])
    assert answers(game, "conditional_cooperator", [0, 0], [1, 1], [1, 1]) == [1, 1]
    assert answers(game, "conditional_cooperator", [0, 0], [0, 0], [1, 1]) == [1, 0]


def test_where_nothing_is_cooperation_it_does_not_play() -> None:
    with pytest.raises(UnsuitablePolicy, match="matching_pennies has none"):
        play(make_game("matching_pennies"), ["conditional_cooperator", "random"])


def decided(game: Game, episodes: int, *last: Sequence[int], spec: str = "random_reactive") -> np.ndarray:
    """Its probabilities in seat 0 after the others did these, one step after the other; -1 is nothing that was seen."""
    streams = Streams.of(episode_seeds(3, episodes), game.spec.seats)
    policy = make_policy(spec)
    memory: Any = policy.begin(Table(game, 0, episodes, streams.seat(0, 0)))
    for others in last:
        seen = np.tile([0, *others], (episodes, 1))
        memory = policy.observe(memory, Event(np.zeros(episodes), seen, seen >= 0))
    legal = np.ones((episodes, len(game.spec.actions)), dtype=bool)
    view = View(game, 0, None, legal, legal[:, 0], 0, np.arange(episodes))
    probs = policy.decide(memory, view, streams.seat(0, 1), None).probs
    assert probs is not None
    return probs


def test_habits_are_drawn_per_match_and_depend_on_the_others() -> None:
    game = make_game("public_goods", seats=3, levels=2)
    first, (none, one, both) = decided(game, 500), (decided(game, 500, last) for last in ([0, 0], [0, 1], [1, 1]))
    assert np.array_equal(one, decided(game, 500, [1, 0])), "who of them did it makes no difference"
    # Sums 0, 2, 3 and 4 modulo 4: both giving is what nothing seen is.
    assert np.array_equal(first, both)
    for other in (none, one):
        assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 0.2, "situations are drawn independently"
    assert first[:, 0].mean() == pytest.approx(0.5, abs=0.06)
    # Sharpness 1: two actions' shares are uniform, of mean square 1/3. Sharper habits are nearer to 0 and 1.
    flat = decided(game, 2000, spec="random_reactive:sharpness=1")[:, 0]
    assert (flat**2).mean() == pytest.approx(1 / 3, abs=0.03)
    assert (decided(game, 2000, spec="random_reactive:sharpness=4")[:, 0] ** 2).mean() > 0.4


def test_habits_are_kept_within_a_match() -> None:
    game = make_game("public_goods", seats=3, levels=2)
    assert np.array_equal(decided(game, 50, [0, 1]), decided(game, 50, [1, 1], [0, 0], [0, 1])), "the last step counts"
    assert np.array_equal(decided(game, 50, [0, 1]), decided(game, 50, [0, 1], [-1, -1])), "or what was seen last"
    assert not np.array_equal(decided(game, 50, [0, 1]), decided(game, 50, [0, 0]))
    episodes = play(make_game("prisoners_dilemma", rounds=400), ["random_reactive", "always_cooperate"], episodes=200)
    # Against a constant co-player it settles on one probability, and they differ: all shares from 0 to 1 come up.
    shares = (episodes.actions[:, 1:, 0] == 0).mean(axis=1)
    halves = [(episodes.actions[:, half, 0] == 0).mean(axis=1) for half in (slice(1, 200), slice(200, 400))]
    assert shares.min() < 0.05 < 0.95 < shares.max()
    assert np.abs(halves[0] - halves[1]).max() < 0.25


def test_sustainable_harvesters_keep_the_stock_and_greedy_ones_do_not() -> None:
    game = make_game("commons")
    lasting = play(game, ["sustainable_harvester"] * 4, episodes=1)
    # A quarter of the yield of 20 each: 12 rounds of 5.
    assert lasting.actions[0, :, 0].tolist() == [1] * 12
    assert lasting.rewards.sum(axis=1).tolist() == [[60] * 4]
    greedy = play(game, ["greedy_harvester"] * 4, episodes=1)
    assert greedy.length.tolist() == [2]
    assert greedy.rewards.sum(axis=1)[0] == pytest.approx([28.2] * 4)


def test_a_sustainable_harvester_spares_a_small_stock() -> None:
    # From 40 the x = 25.0 that grows back to 40 leaves 15.0, a quarter of which is 3.75: less than 5, so nothing.
    game = make_game("commons", start=40, rounds=3)
    assert play(game, ["sustainable_harvester"] * 4, episodes=1).actions[0, 0].tolist() == [0] * 4
    # 60 leaves 41.05: 18.95, a quarter of which is 4.7. With whole numbers to choose from it takes 4.
    finer = make_game("commons", start=60, rounds=3, takes=list(range(21)))
    assert play(finer, ["sustainable_harvester"] * 4, episodes=1).actions[0, 0].tolist() == [4] * 4


def test_harvesters_harvest_under_modifiers() -> None:
    game = make_game("commons", noise=0.1, termination_probability=0.1)
    episodes = play(game, ["sustainable_harvester", "greedy_harvester", "random", "random"], episodes=3)
    assert episodes.actions[:, 0, :2].tolist() == [[1, 3]] * 3


@pytest.mark.parametrize("spec", ["sustainable_harvester", "greedy_harvester"])
def test_harvesters_play_nothing_else(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match="plays commons, not public_goods"):
        play(make_game("public_goods", seats=2), [spec, "random"])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    "spec",
    [
        "conditional_cooperator:share=1.1",
        "conditional_cooperator:share=few",
        "random_reactive:situations=0",
        "random_reactive:situations=2.5",
        "random_reactive:sharpness=0",
    ],
)
def test_parameters_out_of_range_are_refused(spec: str) -> None:
    with pytest.raises(BadParameter):
        make_policy(spec)
