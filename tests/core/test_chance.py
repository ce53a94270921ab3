"""Chance: a function of its arguments, uniform, and opaque."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.core.policy import Decision, Event, Policy, Table, View
from prospect_env.core.state import put, take

SEEDS = episode_seeds(7, 2000)


def chance(step: int = 3, seat: int = 0, seeds: np.ndarray = SEEDS) -> Chance:
    return Streams.of(seeds, 2).seat(seat, step)


def test_numbers_do_not_depend_on_the_batch() -> None:
    whole = chance().uniform("x", (3,))
    picked = np.array([1999, 5, 5, 0])
    assert np.array_equal(take(chance(), picked).uniform("x", (3,)), whole[picked])
    assert np.array_equal(chance(seeds=SEEDS[picked]).uniform("x", (3,)), whole[picked])


def test_a_step_a_match_is_the_same_as_one_step_for_all() -> None:
    steps = np.full(len(SEEDS), 3)
    streams = Streams.of(SEEDS, 2)
    assert np.array_equal(streams.seat(0, steps).uniform("x"), streams.seat(0, 3).uniform("x"))


def test_put_lets_matches_stand_at_different_steps() -> None:
    mixed = put(chance(step=3), np.array([4]), take(chance(step=9), np.array([4])))
    assert mixed.uniform("x")[4] == chance(step=9).uniform("x")[4]
    assert mixed.uniform("x")[5] == chance(step=3).uniform("x")[5]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (chance(), chance(step=4)),
        (chance(), chance(seat=1)),
        (chance(), Streams.of(SEEDS, 2).game(3)),
        (chance(), chance().derive("noise")),
        (chance(), chance().imagine()),
        (chance().imagine(0), chance().imagine(1)),
    ],
)
def test_scopes_steps_and_samples_are_independent(a: Chance, b: Chance) -> None:
    # |r| of 2000 independent pairs stays under .1 (4.5 standard errors).
    assert abs(np.corrcoef(a.uniform("x"), b.uniform("x"))[0, 1]) < 0.1


@pytest.mark.parametrize(
    "numbers", [chance().uniform("x"), chance().uniform("x", (5,)).ravel(), chance(step=4).uniform("x")]
)
def test_uniform_is_uniform(numbers: np.ndarray) -> None:
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3


def test_consecutive_seeds_give_independent_numbers() -> None:
    # Users pass 0, 1, 2 ...: neighbouring seeds must not resemble one another.
    numbers = np.array([Streams.of(episode_seeds(seed, 1), 1).game(1).uniform("x")[0] for seed in range(2000)])
    assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda p: sum(p) > 0))
def test_categorical_never_draws_what_has_no_probability(weights: list[float]) -> None:
    probs = np.tile(np.array(weights) / sum(weights), (500, 1))
    drawn = chance(seeds=SEEDS[:500]).categorical("x", probs)
    assert (probs[np.arange(500), drawn] > 0).all()


def test_categorical_and_bernoulli_have_their_frequencies() -> None:
    drawn = chance().categorical("x", np.tile([0.2, 0.0, 0.8], (2000, 1)))
    assert stats.binomtest(int((drawn == 0).sum()), 2000, 0.2).pvalue > 1e-3
    assert stats.binomtest(int(chance().bernoulli("y", 0.3).sum()), 2000, 0.3).pvalue > 1e-3


def test_normal_is_normal() -> None:
    assert stats.kstest(chance().normal("x", (2,)).ravel(), "norm").pvalue > 1e-3


class Spy(Policy):
    """Keeps everything it is ever given."""

    forecasts = True

    def __init__(self) -> None:
        self.given: list[Any] = []

    def begin(self, table: Table) -> None:
        self.given.append(table)

    def forecast(self, memory: None, view: View, chance: Chance) -> None:
        self.given += [view, chance]

    def decide(self, memory: None, view: View, chance: Chance, forecast: Any) -> Decision:
        self.given += [view, chance]
        return Decision(np.zeros(len(view.active), dtype=np.int8))

    def observe(self, memory: None, event: Event) -> None:
        self.given.append(event)


def reachable(roots: list[Any]) -> list[Any]:
    """Every object that can be reached from `roots` without going through modules, types or code."""
    found: dict[int, Any] = {}
    waiting = list(roots)
    while waiting:
        thing = waiting.pop()
        if id(thing) in found or isinstance(thing, type) or type(thing).__name__ in {"module", "function", "code"}:
            continue
        found[id(thing)] = thing
        waiting += gc.get_referents(thing)
        if isinstance(thing, np.ndarray) and thing.base is not None:
            waiting.append(thing.base)
    return list(found.values())


def test_no_policy_can_reach_a_seed_or_the_stream_of_anybody_else() -> None:
    spy, seed, matches = Spy(), 123456789, 5
    play("prisoners_dilemma", [spy, "random"], episodes=matches, seed=seed)
    seeds = episode_seeds(seed, matches)
    streams = Streams.of(seeds, 2)
    secrets = {seed, *seeds.tolist(), *streams.keys["game"].tolist(), *streams.keys["seat/1"].tolist()}
    numbers = set()
    for thing in reachable(spy.given):
        if isinstance(thing, int):
            numbers.add(thing)
        elif isinstance(thing, np.ndarray) and thing.dtype.kind in "iu":
            numbers.update(thing.ravel().tolist())
    own = set(streams.keys["seat/0"].tolist())
    assert own <= numbers, "the search must be able to find a key at all"
    assert not numbers & secrets


def test_keys_cannot_be_run_backwards_by_inverting_the_mixer() -> None:
    """SplitMix64's finaliser is a bijection: without the feed-forward its inverse would give the seed away."""

    def unmix(x: int) -> int:
        mask = (1 << 64) - 1
        x ^= (x >> 31) ^ (x >> 62)
        x = x * pow(0x94D049BB133111EB, -1, 1 << 64) & mask
        x ^= (x >> 27) ^ (x >> 54)
        x = x * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & mask
        return x ^ (x >> 30) ^ (x >> 60)

    from prospect_env.core import chance as module

    for seed in (1, 2, 3):
        array = np.array([seed], dtype=np.uint64)
        assert unmix(int(module._mix(array.copy())[0])) == seed, (
            "the inverse must be right for the test to mean anything"
        )
        key = int(Streams.of(array, 1).keys["game"][0])
        tag = int(module._tag("scope", "game"))
        # Without feed-forward both rounds could be undone one after the other.
        once = (unmix(key) - tag) * pow(module._GOLDEN, -1, 1 << 64) % 2**64
        undone = {unmix(key), unmix(key) ^ tag, (unmix(key) - tag) % 2**64, once, (unmix(once) - tag) % 2**64}
        assert seed not in undone


def test_games_do_not_use_a_global_generator() -> None:
    game: Game = make_game("prisoners_dilemma", noise=0.3)
    np.random.seed(0)  # noqa: NPY002 - the global generator is what is tested
    first = play(game, ["random", "random"], episodes=20, seed=1)
    np.random.seed(1)  # noqa: NPY002 - as above
    assert np.array_equal(first.executed, play(game, ["random", "random"], episodes=20, seed=1).executed)
