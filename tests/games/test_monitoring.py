"""Private monitoring: how often signals err, who is paid by what, and what nobody can learn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.conformance import validate
from prospect_env.core.conformance.walk import pickled
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Outcome
from prospect_env.core.make import make_game
from prospect_env.games.announcements import with_announcements
from prospect_env.games.contracts import with_contracts
from prospect_env.games.matrix import matrix_game
from prospect_env.games.monitoring import with_private_monitoring
from prospect_env.games.noise import with_noise
from prospect_env.games.payoffs import with_payoffs
from prospect_env.games.termination import with_termination_probability
from tests.games.trio import Trio
from tests.toys import Cards, Offers

C, D = 0, 1
MANY = 20_000


def once(game: Game, joint: tuple[int, ...], matches: int = MANY) -> Outcome:
    """What this joint choice brings in the first round of many matches."""
    streams = Streams.of(episode_seeds(3, matches), game.spec.seats)
    return game.step(game.initial(matches, streams.game(0)), np.tile(joint, (matches, 1)), streams.game(1))


def seen(outcome: Outcome) -> np.ndarray:
    assert outcome.seen is not None
    return outcome.seen


def is_share(happened: np.ndarray, share: float) -> bool:
    return stats.binomtest(int(happened.sum()), happened.size, share).pvalue > 1e-4


def test_signals_err_as_often_as_they_should_and_apart() -> None:
    saw = seen(once(with_private_monitoring(Trio(), 0.2), (C, D, C)))
    truth = np.array([C, D, C])
    wrong = saw != truth
    own = np.eye(3, dtype=bool)
    assert not wrong[:, own].any()
    errors = wrong[:, ~own]
    assert all(is_share(errors[:, pair], 0.2) for pair in range(6))
    # Any two of the six signals err together in .2 x .2 of the matches.
    assert all(is_share(errors[:, a] & errors[:, b], 0.04) for a, b in product(range(6), repeat=2) if a < b)


def test_a_wrong_signal_is_any_other_legal_action() -> None:
    game = with_private_monitoring(matrix_game(np.zeros((3, 2, 2))), 0.3)
    saw = seen(once(game, (1, 0)))
    # Seat 0 has three actions: seat 1 sees A or C in .15 each. Seat 1 has two: seat 0 never sees the third.
    assert is_share(saw[:, 1, 0] == 0, 0.15)
    assert is_share(saw[:, 1, 0] == 2, 0.15)
    assert is_share(saw[:, 0, 1] == 1, 0.3)
    assert not (saw[:, 0, 1] == 2).any()


def test_who_has_no_choice_is_seen_as_it_is() -> None:
    saw = seen(once(with_private_monitoring(matrix_game(np.zeros((2, 1, 2))), 1.0), (1, 0), 5))
    assert (saw[:, 0, 1] == 0).all()
    assert (saw[:, 1, 0] == 0).all()


def test_seats_are_paid_by_their_own_action_and_what_they_saw() -> None:
    # Signals are always wrong: who cooperates with a cooperator sees D, and is paid 0 for it.
    always = with_private_monitoring(make_game("prisoners_dilemma"), 1.0)
    table = {(C, C): [0, 0], (C, D): [3, 1], (D, C): [1, 3], (D, D): [5, 5]}
    for joint, paid in table.items():
        outcome = once(always, joint, 1)
        assert outcome.rewards.tolist() == [paid]
        assert outcome.executed.tolist() == outcome.reactions.tolist() == [list(joint)]
    game = with_private_monitoring(make_game("prisoners_dilemma"), 0.1)
    outcome = once(game, (C, C))
    assert np.array_equal(outcome.rewards, np.where(seen(outcome)[:, [0, 1], [1, 0]] == C, 3, 0))
    # (1 - e) R + e S = .9 x 3 + .1 x 0
    assert outcome.rewards.mean() == pytest.approx(2.7, abs=0.03)


def test_three_seats_are_paid_by_both_of_their_signals() -> None:
    outcome = once(with_private_monitoring(Trio(), 0.3), (C, D, C), 200)
    for saw, paid in zip(seen(outcome), outcome.rewards, strict=True):
        for seat in range(3):
            givers = sum(saw[seat, other] == C for other in range(3) if other != seat)
            assert paid[seat] == 2 * givers - (saw[seat, seat] == C)


def test_bounds_of_what_seats_are_paid_together() -> None:
    # Both defect and see the other cooperate: 5 + 5; both cooperate and see the other defect: 0 + 0.
    spec = with_private_monitoring(make_game("prisoners_dilemma"), 0.1).spec
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((0.0, 5.0), (0.0, 10.0))
    # Row from 1 to 2, column from 3 to 40.
    uneven = matrix_game([[[1, 40], [2, 3]]])
    assert with_private_monitoring(uneven, 0.1).spec.welfare_bounds == (4.0, 42.0)
    assert with_private_monitoring(Trio(), 0.1).spec.welfare_bounds == (-3.0, 12.0)
    assert not spec.perfect_information
    assert not spec.deterministic


def test_observations_are_of_signals() -> None:
    game = with_private_monitoring(make_game("prisoners_dilemma", rounds=4), 1.0)
    after = once(game, (C, D), 1).state
    # Own last action, the other's as it was seen (never as it was), a quarter of the time played.
    assert game.observe(after)[0].tolist() == [[1, 0, 1, 0, 0.25], [0, 1, 0, 1, 0.25]]
    assert [game.hide(after, seat).last.tolist() for seat in (0, 1)] == [[[C, C]], [[D, D]]]


def test_beliefs_are_bayes_from_a_uniform_prior() -> None:
    game = with_private_monitoring(matrix_game(np.zeros((3, 3, 2))), 0.3)
    after = once(game, (1, 2)).state
    known = game.hide(after, 0)
    believed = game.believe(known, 0, Streams.of(episode_seeds(9, MANY), 2).seat(0, 1))
    signal = known.last[:, 1]
    # P(did a | saw a) = .7, and another in .15 each; of that, the other's own signal errs in .3 again.
    assert is_share(believed.inner.last[:, 1] == signal, 0.7)
    assert is_share(believed.inner.last[:, 1] == (signal + 1) % 3, 0.15)
    assert np.array_equal(believed.inner.last[:, 0], known.last[:, 0])
    assert is_share(believed.saw[:, 1, 0] == 1, 0.7)
    assert np.array_equal(believed.saw[:, 1, 1], believed.inner.last[:, 1])
    assert np.array_equal(believed.saw[:, 0], known.last)
    # What it believes of the other's signal does not come from the other's real signal.
    assert is_share(believed.saw[after.saw[:, 1, 0] != 1][:, 1, 0] == 1, 0.7)


def test_hands_that_tremble_are_seen_through_the_same_fog() -> None:
    game = with_private_monitoring(with_noise(make_game("prisoners_dilemma"), 1.0), 1.0)
    outcome = once(game, (C, C), 3)
    # Both slip to D and are seen to do C: each defects on a cooperator, as far as it can tell.
    assert outcome.executed.tolist() == [[D, D]] * 3
    assert seen(outcome).tolist() == [[[D, C], [C, D]]] * 3
    assert outcome.rewards.tolist() == [[5, 5]] * 3
    assert game.noiseless == with_private_monitoring(make_game("prisoners_dilemma"), 1.0)


def test_tit_for_tat_answers_what_it_saw() -> None:
    episodes = play(
        make_game("prisoners_dilemma", rounds=4, private_monitoring=1.0), ["tit_for_tat", "always_cooperate"]
    )
    assert episodes.executed[0, :, 0].tolist() == [C, D, D, D]


AROUND = {
    "dilemma": make_game("prisoners_dilemma", rounds=3),
    "uneven": matrix_game([[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]], rounds=3),
    "trio": Trio(),
    "noisy": make_game("chicken", rounds=3, noise=0.2),
    "mapped": make_game("chicken", rounds=3, affine=((2, -1), (1, 3))),
}


@pytest.mark.parametrize("name", AROUND)
def test_conformance(name: str) -> None:
    game = with_private_monitoring(AROUND[name], 0.2)
    outside = [with_termination_probability(game, 0.3), with_payoffs(game, (2, 1))]
    outside += [] if name == "noisy" else [with_noise(game, 0.1)]
    for around in (game, *outside):
        report = validate(around)
        assert report.passed, report
    assert pickled(game) == game
    assert hash(pickled(game)) == hash(game)


def test_rebuilt_from_its_parameters() -> None:
    game = make_game("prisoners_dilemma", private_monitoring=0.25, noise=0.1, affine=(2, 1))
    assert game.parameters["private_monitoring"] == 0.25
    assert make_game("prisoners_dilemma", **game.parameters) == game
    plain = make_game("prisoners_dilemma")
    assert with_private_monitoring(plain, 0) is plain


@dataclass(frozen=True)
class Cut(Trio):
    """A game of rounds that does not leave it at rounds."""

    def step(self, state: Any, actions: np.ndarray, chance: Chance) -> Outcome:
        outcome = super().step(state, actions, chance)
        return outcome._replace(terminated=outcome.terminated | (actions[:, 0] == 1))


CHICKEN = make_game("chicken")


@pytest.mark.parametrize(
    ("game", "error", "message"),
    [
        (CHICKEN, -0.1, "private_monitoring is -0.1; it must be between 0 and 1"),
        (CHICKEN, 1.5, "is 1.5"),
        (CHICKEN, float("nan"), "is nan"),
        (CHICKEN, True, "is True"),
        (Offers(), 0.1, "cannot go around offers: it needs rounds"),
        (Cards(), 0.1, "cannot go around cards"),
        (Cut(), 0.1, "cannot go around trio"),
        (with_announcements(CHICKEN, announcements=True), 0.1, "cannot go around announcements; put"),
        (with_contracts(CHICKEN, 2), 0.1, "cannot go around contracts; put"),
        (with_termination_probability(CHICKEN, 0.1), 0.1, "cannot go around termination_probability; put"),
        (with_private_monitoring(CHICKEN, 0.1), 0.1, "cannot go around private_monitoring; put"),
    ],
)
def test_refusals(game: Game, error: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        with_private_monitoring(game, error)
