"""Positive affine payoffs: the map itself, when the shift is paid, and that nobody has a reason to play otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.conformance import validate
from prospect_env.core.conformance.walk import pickled
from prospect_env.core.equilibrium import backward_induction
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.core.make import make_game
from prospect_env.games.announcements import with_announcements
from prospect_env.games.contracts import with_contracts
from prospect_env.games.matrix import matrix_game
from prospect_env.games.payoffs import with_payoffs
from prospect_env.games.termination import with_termination_probability
from tests.games.trio import Trio
from tests.toys import Cards, Offers, Weather


@dataclass(frozen=True)
class Stroll:
    """Steps taken, and whether the walker has gone home, `[B]` each."""

    steps: np.ndarray
    home: np.ndarray


@dataclass(frozen=True)
class Walk(Game):
    """One seat walks on (0) or goes home (1), up to four times; walking costs 1, going home pays 2 and ends it."""

    spec = GameSpec(
        name="walk",
        version=0,
        seats=1,
        roles=("walker",),
        actions=("on", "home"),
        reactions=("on", "home"),
        reaction_of=(0, 1),
        horizon=4,
        payoff_bounds=(-1.0, 2.0),
        welfare_bounds=(-1.0, 2.0),
        observation_size=1,
    )

    def initial(self, batch: int, chance: Chance) -> Stroll:
        return Stroll(np.zeros(batch, dtype=np.int64), np.zeros(batch, dtype=bool))

    def active(self, state: Stroll) -> np.ndarray:
        return (~state.home & (state.steps < 4))[:, None]

    def legal(self, state: Stroll) -> np.ndarray:
        legal = np.repeat(self.active(state)[:, :, None], 2, axis=2)
        legal[:, :, 0] = True
        return legal

    def step(self, state: Stroll, actions: np.ndarray, chance: Chance) -> Outcome:
        goes = self.active(state) & (np.asarray(actions) == 1)
        done = np.where(self.active(state), actions, -1)
        rewards = np.where(goes, 2.0, -1.0).astype(np.float32)
        after = Stroll(state.steps + 1, state.home | goes[:, 0])
        over = after.home | (after.steps >= 4)
        return Outcome(after, rewards, done, done, None, np.ones(len(over), dtype=bool), over)

    def observe(self, state: Stroll) -> np.ndarray:
        return np.minimum(state.steps / 4, 1).astype(np.float32)[:, None, None]


def played(game: Game, *joint: tuple[int, ...]) -> list[list[float]]:
    """What each of these joint choices pays, one after the other, in one match."""
    streams = Streams.of(episode_seeds(3, 1), game.spec.seats)
    state, paid = game.initial(1, streams.game(0)), []
    for step, actions in enumerate(joint, 1):
        outcome = game.step(state, np.array([actions]), streams.game(step))
        state = outcome.state
        paid.append([float(x) for x in outcome.rewards[0]])
    return paid


def table(game: Game) -> np.ndarray:
    """What each pair of actions pays in one round, `[A, A, 2]`."""
    count = len(game.spec.actions)
    return np.array([[played(game, (a, b))[0] for b in range(count)] for a in range(count)])


def test_the_table_of_a_repeated_game_is_mapped() -> None:
    plain = make_game("prisoners_dilemma", rounds=3)
    game = make_game("prisoners_dilemma", rounds=3, affine=(2, -1))
    assert np.array_equal(table(game), 2 * table(plain) - 1)
    # In every round, not in the first alone: 2 x 3 - 1, 2 x 5 - 1, 2 x 1 - 1.
    assert played(game, (0, 0), (1, 0), (1, 1)) == [[5, 5], [9, -1], [1, 1]]
    spec = game.spec
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((-1.0, 9.0), (2.0, 10.0))
    assert spec.reference == 2 * plain.spec.reference - 1
    assert spec.interchangeable == ((0, 1),)


def test_seats_may_have_maps_of_their_own() -> None:
    game = make_game("prisoners_dilemma", affine=((2, 0), (1, 10)))
    assert played(game, (1, 0)) == [[10, 10]]
    assert played(game, (0, 1)) == [[0, 15]]
    spec = game.spec
    assert spec.payoff_bounds == (0.0, 15.0)
    assert spec.interchangeable == ((0,), (1,))
    # Sums of payoffs in different units mean nothing, and no number serves all seats.
    assert all(math.isnan(x) for x in (*spec.welfare_bounds, spec.reference))
    trio = with_payoffs(Trio(), ((2, 0), (1, 1), (2, 0))).spec
    assert trio.interchangeable == ((0, 2), (1,))


def test_other_games_are_shifted_once() -> None:
    game = with_payoffs(Offers(rounds=1), (10, 7))
    # High (2 of 4) offered and accepted: nothing, then 2 and 2.
    assert played(game, (2, -1), (-1, 3)) == [[7, 7], [20, 20]]
    assert game.spec.payoff_bounds == (0.0, 37.0)
    assert game.spec.welfare_bounds == (0.0, 54.0)
    # 7 a match of 2 steps.
    assert game.spec.reference == 3.5


def test_rounds_of_several_steps_are_shifted_at_their_end() -> None:
    talk = with_payoffs(make_game("prisoners_dilemma", rounds=2, announcements=True), (1, 10))
    assert played(talk, (2, 2), (0, 0), (2, 2), (1, 1)) == [[0, 0], [13, 13], [0, 0], [11, 11]]
    assert talk.spec.payoff_bounds == (0.0, 15.0)
    assert talk.spec.reference == pytest.approx(2.25 / 2 + 10 / 2)


PAYOFF = st.integers(-9, 9)
SCALE = st.sampled_from([0.01, 0.3, 1.0, 2.5, 100.0])
SHIFT = st.sampled_from([-30.0, -0.7, 0.0, 1.0, 12.25])


@given(
    payoffs=st.lists(PAYOFF, min_size=18, max_size=18),
    maps=st.tuples(st.tuples(SCALE, SHIFT), st.tuples(SCALE, SHIFT)),
)
def test_best_responses_and_equilibria_are_kept(payoffs: list[int], maps: Any) -> None:
    before = matrix_game(np.array(payoffs).reshape(3, 3, 2), rounds=1)
    one, other = table(before), table(with_payoffs(before, maps))
    best = [[x[..., seat] == x[..., seat].max(axis=seat, keepdims=True) for seat in (0, 1)] for x in (one, other)]
    assert np.array_equal(best[0], best[1])
    # Pure equilibria are where both are best responses.
    assert np.array_equal(best[0][0] & best[0][1], best[1][0] & best[1][1])
    # Against a mixture too: expected payoffs of each action keep their order.
    mixture = np.array([0.5, 0.25, 0.25])
    mine, mapped = one[..., 0] @ mixture, other[..., 0] @ mixture
    for a, b in product(range(3), repeat=2):
        assert (mine[a] > mine[b] + 1e-9) == (mapped[a] > mapped[b] + 1e-4 * maps[0][0])


@pytest.mark.parametrize("affine", [(3, -5), (0.5, 20), (2, 0)])
@pytest.mark.parametrize("ties", ["first", "last"])
def test_backward_induction_finds_the_same_play(affine: Any, ties: str) -> None:
    for game in (Walk(), Offers()):
        plain, mapped = backward_induction(game, ties=ties), backward_induction(with_payoffs(game, affine), ties=ties)
        assert plain.path == mapped.path
        assert mapped.values == pytest.approx(affine[0] * plain.values + affine[1])
    assert [move.action for move in backward_induction(with_payoffs(Walk(), affine)).path] == [1]


def test_a_shift_in_every_step_would_pay_for_staying() -> None:
    """Why the shift is paid once: 10 a step makes whoever goes home at once (2) stay for four steps (-1 x 3 + 2)."""
    at_once, late = [played(Walk(), *[(0,)] * steps, (1,)) for steps in (0, 3)]
    returns = [sum(x for (x,) in steps) for steps in (at_once, late)]
    assert returns == [2, -1]
    assert returns[0] + 10 * 1 < returns[1] + 10 * 4
    once = [sum(x for (x,) in played(with_payoffs(Walk(), (1, 10)), *[(0,)] * n, (1,))) for n in (0, 3)]
    assert once == [12, 9]


AROUND = {
    "dilemma": make_game("prisoners_dilemma", rounds=3),
    "trio": Trio(),
    "offers": Offers(),
    "cards": Cards(),
    "weather": Weather(),
    "walk": Walk(),
    "noisy": make_game("chicken", rounds=3, noise=0.2),
    "mortal": with_termination_probability(make_game("chicken", rounds=3), 0.3),
    "talkative": with_announcements(Offers(), announcements=True),
    "contracted": with_contracts(make_game("chicken", rounds=3), 2),
    "mapped": make_game("chicken", rounds=3, affine=(0.5, 1)),
}


@pytest.mark.parametrize("name", AROUND)
def test_conformance(name: str) -> None:
    game: Any = with_payoffs(AROUND[name], (3, -2))
    report = validate(game)
    assert report.passed, report
    assert pickled(game) == game or pickled(game.inner) != game.inner
    assert hash(pickled(game)) == hash(game)


def test_rebuilt_from_its_parameters() -> None:
    game = make_game("prisoners_dilemma", affine=[2, 1], noise=0.1)
    assert game.parameters["affine"] == ((2.0, 1.0), (2.0, 1.0))
    assert make_game("prisoners_dilemma", **game.parameters) == game
    plain = make_game("prisoners_dilemma")
    assert with_payoffs(plain, (1, 0)) is plain


@pytest.mark.parametrize(
    ("affine", "message"),
    [
        ((0, 1), "scale 0 and shift 1; scale must be above 0, both finite"),
        ((-2, 1), "scale -2"),
        (((1, 0), (-1, 0)), "scale -1"),
        ((float("inf"), 1), "scale inf"),
        ((1, float("nan")), "shift nan"),
        (2, r"affine is 2; it must be \(scale, shift\), or 2 such pairs"),
        ((1, 2, 3), "it must be"),
        (((1, 2), (1, 2), (1, 2)), "or 2 such pairs"),
        ("twice", "it must be"),
        (((1, 2), 3), "it must be"),
        ((1e39, 0), "too large"),
        ((1, 1e9), "could not be told apart"),
    ],
)
def test_refusals(affine: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        with_payoffs(make_game("prisoners_dilemma"), affine)
