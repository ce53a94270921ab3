"""Contracts: consent of everybody, payments by deeds that create nothing, and the amounts from which they help."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.conformance import validate
from prospect_env.core.conformance.walk import difference, pickled
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Outcome
from prospect_env.core.make import make_game
from prospect_env.core.state import put, take
from prospect_env.games.announcements import with_announcements
from prospect_env.games.contracts import contracted, with_contracts
from prospect_env.games.matrix import matrix_game
from prospect_env.games.monitoring import with_private_monitoring
from prospect_env.games.noise import with_noise
from prospect_env.games.termination import with_termination_probability
from tests.games.trio import Trio
from tests.toys import Offers

C, D = 0, 1


def played(game: Game, *joint: tuple[int, ...]) -> list[Outcome]:
    """What each of these joint choices brings, one after the other, in one match."""
    streams = Streams.of(episode_seeds(3, 1), game.spec.seats)
    state, outcomes = game.initial(1, streams.game(0)), []
    for step, actions in enumerate(joint, 1):
        outcomes.append(game.step(state, np.array([actions]), streams.game(step)))
        state = outcomes[-1].state
    return outcomes


def dilemma(contracts: Any, **parameters: Any) -> Game:
    return make_game("prisoners_dilemma", **{"rounds": 3, "contracts": contracts, **parameters})


def payoffs(game: Game, signed: bool, joint: tuple[int, ...]) -> list[float]:
    """What one round pays with the one contract on the table signed by all, or refused by all."""
    sign = len(game.spec.actions) - 2
    vote = (sign if signed else sign + 1,) * game.spec.seats
    return [float(x) for x in played(game, vote, joint)[1].rewards[0]]


def test_spec_by_hand() -> None:
    plain, spec = make_game("prisoners_dilemma", rounds=3).spec, dilemma([2, 4.5], discount=0.81).spec
    assert spec.actions == ("cooperate", "defect", "sign 2", "sign 4.5", "refuse")
    assert spec.reactions == ("cooperate", "defect", "signs 2", "signs 4.5", "refuses")
    assert (spec.reaction_of, spec.cooperative, spec.announces) == ((0, 1, 2, 3, 4), (C,), ())
    assert (spec.horizon, spec.window, spec.ranked) == (6, 2, True)
    assert spec.discount == pytest.approx(0.9)
    assert spec.reference == plain.reference / 2
    # A defector that had 0 pays 4.5; one that had 5 while the other pays gets 4.5: bounds need not be reached.
    assert spec.payoff_bounds == (-4.5, 9.5)
    # Consent pays nothing, and contracts create nothing.
    assert spec.welfare_bounds == (0.0, 6.0)
    assert spec.observation_size == plain.observation_size + 3


def test_spec_of_consent_asked_for_once() -> None:
    plain, spec = make_game("prisoners_dilemma", rounds=3).spec, dilemma(["once", 2], discount=0.81).spec
    assert (spec.horizon, spec.window, spec.ranked, spec.discount) == (4, plain.window, False, 0.81)
    assert spec.reference == pytest.approx(plain.reference * 3 / 4)


def test_all_must_sign_the_same() -> None:
    game = dilemma([2, 4])
    sign_2, sign_4, refuse = 2, 3, 4
    for vote, amount in [
        ((sign_2, sign_2), 2),
        ((sign_4, sign_4), 4),
        ((sign_2, sign_4), 0),
        ((sign_2, refuse), 0),
        ((refuse, refuse), 0),
    ]:
        consent, move = played(game, vote, (C, D))
        assert consent.rewards.tolist() == [[0, 0]]
        assert (consent.round_end.tolist(), consent.terminated.tolist()) == ([False], [False])
        assert game.situation(consent.state, 0)["contract"].tolist() == [amount]
        # The defector has 5 and pays; the cooperator has 0 and gets it.
        assert move.rewards.tolist() == [[amount, 5 - amount]]
        assert move.round_end.tolist() == [True]


def test_consent_is_asked_for_anew_each_round_or_once() -> None:
    sign, refuse = 2, 3
    game = dilemma(2)
    first, move, second, unsigned = played(game, (sign, sign), (D, C), (sign, refuse), (D, C))
    assert (move.rewards.tolist(), unsigned.rewards.tolist()) == ([[3, 2]], [[5, 0]])
    assert game.legal(move.state)[0].tolist() == [[False, False, True, True]] * 2
    assert game.legal(second.state)[0].tolist() == [[True, True, False, False]] * 2
    assert first.reactions.tolist() == [[2, 2]]
    once = dilemma(("once", 2))
    *_, last = outcomes = played(once, (sign, sign), (D, C), (D, C), (D, D))
    assert [outcome.rewards.tolist() for outcome in outcomes[1:]] == [[[3, 2]], [[3, 2]], [[1, 1]]]
    assert last.terminated.tolist() == [True]


def test_three_seats_share_what_is_paid() -> None:
    game = with_contracts(Trio(), 3)
    # One keeps: it has 4 and pays 3; the givers have 2 - 1 = 1 each and get 1.5.
    assert payoffs(game, True, (D, C, C)) == [1, 2.5, 2.5]
    # Two keep: each has 2, pays 3 and gets 1.5 of the other's 3; the giver has -1 and gets 3.
    assert payoffs(game, True, (C, D, D)) == [2, 0.5, 0.5]
    # All keep: 0, and everybody pays 3 and gets 3.
    assert payoffs(game, True, (D, D, D)) == [0, 0, 0]
    assert payoffs(game, False, (D, C, C)) == [4, 1, 1]


@pytest.mark.parametrize("seats", [2, 3])
def test_payments_create_nothing(seats: int) -> None:
    inner = make_game("prisoners_dilemma") if seats == 2 else Trio()
    game = with_contracts(inner, 2.3)
    for joint in product((C, D), repeat=seats):
        assert sum(payoffs(game, True, joint)) == pytest.approx(sum(payoffs(game, False, joint)), abs=1e-5)


@pytest.mark.parametrize("table", [(3, 0, 5, 1), (4, 1, 4.5, 3), (10, -2, 11, 0)])
def test_the_least_amounts_that_help(table: tuple[float, ...]) -> None:
    """R, S, T, P: mutual cooperation is an equilibrium from T - R on, cooperation dominant from P - S on as well."""
    reward, sucker, temptation, punishment = table
    for amount in np.arange(0.25, 6, 0.25):
        game = dilemma(float(amount), payoffs=table)
        stays, leaves = payoffs(game, True, (C, C))[0], payoffs(game, True, (D, C))[0]
        assert (stays >= leaves) == (amount >= temptation - reward)
        gives_in, resists = payoffs(game, True, (C, D))[0], payoffs(game, True, (D, D))[0]
        assert (gives_in >= resists) == (amount >= punishment - sucker)


def test_a_slip_of_the_hand_is_paid_for() -> None:
    game = with_contracts(with_noise(make_game("prisoners_dilemma"), 1.0), 4)
    # Both sign (their pens do not slip), both mean to cooperate, both defect: 1 each, and 4 paid to each other.
    consent, move = played(game, (2, 2), (C, C))
    assert consent.executed.tolist() == [[2, 2]]
    assert move.executed.tolist() == [[D, D]]
    assert move.rewards.tolist() == [[1, 1]]
    # The first means to defect, and cooperates by a slip.
    assert played(game, (2, 2), (D, C))[1].rewards.tolist() == [[4, 1]]


def test_only_who_could_have_cooperated_pays() -> None:
    talk = with_contracts(with_announcements(make_game("prisoners_dilemma"), announcements=True), 4)
    sign = 5
    outcomes = played(talk, (sign, sign), (3, 4), (D, C))
    # Saying "defect" and saying nothing are no cooperation, and cost nothing.
    assert outcomes[1].rewards.tolist() == [[0, 0]]
    assert outcomes[2].rewards.tolist() == [[1, 4]]
    assert talk.spec.announces == (-1, -1, 0, 1, -1, -1, -1)


def test_in_turns_whoever_waits_is_paid_and_pays_nothing() -> None:
    offers = Offers(rounds=1)
    offers.spec = replace(offers.spec, cooperative=(2,))  # a high offer
    game = with_contracts(offers, 1)
    sign = 5
    consent, offer, answer = played(game, (sign, sign), (1, -1), (-1, 3))
    # Everybody consents, though one seat alone moves; a low offer (1 of 4) costs 1, and accepting is nobody's duty.
    assert consent.executed.tolist() == [[sign, sign]]
    assert offer.rewards.tolist() == [[-1, 1]]
    assert answer.rewards.tolist() == [[3, 1]]
    assert answer.terminated.tolist() == [True]
    assert not game.active(answer.state).any()


def test_everybody_observes_the_vote_and_the_contract() -> None:
    game = dilemma([2, 4])
    start = game.initial(1, Streams.of(episode_seeds(3, 1), 2).game(0))
    assert game.observe(start)[0, :, 5:].tolist() == [[1, 0, 0]] * 2
    signed, moved = played(game, (3, 3), (C, C))
    assert game.observe(signed.state)[0, :, 5:].tolist() == [[0, 0, 1]] * 2
    assert game.observe(moved.state)[0, :, 5:].tolist() == [[1, 0, 0]] * 2
    assert game.situation(start, 1)["contract"].tolist() == [0]


def test_matches_that_vote_beside_matches_that_move() -> None:
    game = with_contracts(Trio(), 2)
    chance = Streams.of(episode_seeds(5, 4), 3)
    start = game.initial(4, chance.game(0))
    later = game.step(start, np.full((4, 3), 2), chance.game(1)).state
    some = np.array([0, 3])
    mixed = put(start, some, take(later, some))
    actions = np.where(np.isin(np.arange(4), some)[:, None], [[0, 1, 1]], [[2, 3, 2]])
    whole = game.step(mixed, actions, chance.game(2))
    for index in (some, np.array([1, 2])):
        part = game.step(take(mixed, index), actions[index], take(chance, index).game(2))
        assert difference(Outcome._make(take(x, index) for x in whole), part) is None


AROUND = {
    "dilemma": make_game("prisoners_dilemma", rounds=3),
    "trio": Trio(),
    "noisy": make_game("chicken", rounds=3, noise=0.2),
    "mortal": make_game("chicken", rounds=3, termination_probability=0.3),
    "mapped": make_game("chicken", rounds=3, affine=(2, -1)),
    "talkative": make_game("chicken", rounds=3, announcements=True),
}


@pytest.mark.parametrize("contracts", [(2, 4), ("once", 3)], ids=str)
@pytest.mark.parametrize("name", AROUND)
def test_conformance(name: str, contracts: Any) -> None:
    game = with_contracts(AROUND[name], contracts)
    outside = {"mortal": lambda: with_noise(game, 0.1), "noisy": lambda: with_termination_probability(game, 0.3)}
    for around in (game, outside.get(name, lambda: game)()):
        report = validate(around)
        assert report.passed, report
    assert pickled(game) == game
    assert hash(pickled(game)) == hash(game)


def test_rebuilt_from_its_parameters() -> None:
    game = dilemma([2, 4], noise=0.1)
    assert game.parameters["contracts"] == ("each round", 2.0, 4.0)
    assert make_game("prisoners_dilemma", **game.parameters) == game
    assert dilemma(2) == dilemma([2.0]) == dilemma(("each round", 2))
    assert dilemma(2) != dilemma(("once", 2))
    layer = contracted(game)
    assert layer is not None
    assert (layer.amounts, layer.signing) == ((2.0, 4.0), range(2, 4))
    assert contracted(make_game("chicken")) is None


DILEMMA = make_game("prisoners_dilemma")


@pytest.mark.parametrize(
    ("game", "contracts", "message"),
    [
        (DILEMMA, 0, "an amount in contracts is 0; it must be above 0 and finite"),
        (DILEMMA, [2, -1], "is -1"),
        (DILEMMA, float("inf"), "is inf"),
        (DILEMMA, float("nan"), "is nan"),
        (DILEMMA, [], "an amount or a list of amounts"),
        (DILEMMA, "once", "an amount or a list of amounts"),
        (DILEMMA, ["twice", 2], "'once' or 'each round'"),
        (DILEMMA, [2, "once"], "an amount or a list of amounts"),
        (DILEMMA, True, "contracts is True"),
        (DILEMMA, [2, 2.0], "its amounts must differ"),
        (make_game("matching_pennies"), 2, "do not tell cooperation from defection"),
        (matrix_game(np.zeros((2, 2, 2)), cooperative=(0, 1)), 2, "do not tell cooperation from defection"),
        (dilemma(3), 2, "contracts in it already"),
        (with_noise(dilemma(3), 0.1), 2, "contracts in it already"),
        (with_private_monitoring(DILEMMA, 0.1), 2, "what private monitoring hides"),
        (matrix_game(np.zeros((2, 2, 2)), actions=("share", "refuse"), cooperative=(0,)), 2, "would not be unique"),
        (DILEMMA, list(range(1, 127)), "129 actions; up to 127"),
    ],
)
def test_refusals(game: Game, contracts: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        with_contracts(game, contracts)


def test_one_seat_has_nobody_to_pay() -> None:
    alone = Offers()
    alone.spec = replace(alone.spec, seats=1, roles=("player",), cooperative=(1,), interchangeable=())
    with pytest.raises(BadParameter, match="nobody else to pay"):
        with_contracts(alone, 2)
