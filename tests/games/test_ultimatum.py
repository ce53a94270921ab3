"""Ultimatum: what is paid when, who moves when, and both subgame-perfect equilibria."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.equilibrium import backward_induction
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.ultimatum import Ultimatum

OFFER = {tenths: 1 + tenths for tenths in range(6)}
ACCEPT, REJECT = 7, 8


def rewards(game: Ultimatum, moves: list[int]) -> list[tuple[int, list[float]]]:
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    state, told = game.initial(1, luck), []
    for step, move in enumerate(moves):
        active = game.active(state)
        assert game.legal(state)[active][0, move]
        outcome = game.step(state, np.where(active, move, -1), luck)
        assert bool(outcome.round_end[0]) == (step % 2 == 1)
        told.append((int(np.argmax(active[0])), outcome.rewards[0].tolist()))
        state = outcome.state
    return told


def test_labels() -> None:
    spec = Ultimatum().spec
    assert spec.actions[1:] == (
        *(f"offer {tenths}0%" if tenths else "offer 0%" for tenths in range(6)),
        "accept",
        "reject",
    )
    assert [spec.actions[a] for a in spec.cooperative] == ["offer 40%", "offer 50%", "accept"]
    assert (spec.window, Ultimatum(roles="alternating").spec.window) == (1, 2)
    assert spec.roles == ("proposer", "responder")


def test_payments() -> None:
    # Of a pie of 10: 3 offered leave 7.
    assert rewards(Ultimatum(), [OFFER[3], ACCEPT]) == [(0, [0, 0]), (1, [7, 3])]
    assert rewards(Ultimatum(), [OFFER[5], REJECT, OFFER[0], ACCEPT]) == [
        (0, [0, 0]),
        (1, [0, 0]),
        (0, [0, 0]),
        (1, [10, 0]),
    ]
    moves = [OFFER[5], REJECT, OFFER[2], ACCEPT]
    assert rewards(Ultimatum(roles="alternating", pie=5), moves)[2:] == [(1, [0, 0]), (0, [1, 4])]


@pytest.mark.parametrize("roles", ["fixed", "alternating"])
@pytest.mark.parametrize(
    ("ties", "offer", "share"),
    # Actions are listed accept before reject: `first` accepts what makes no difference, `last` rejects it.
    [("first", OFFER[0], 0.0), ("last", OFFER[1], 1.0)],
)
def test_selfish_play(roles: str, ties: str, offer: int, share: float) -> None:
    solution = backward_induction(Ultimatum(rounds=2, roles=roles), ties=ties)
    assert [move.action for move in solution.path] == [offer, ACCEPT] * 2
    proposer, responder = 10 - share, share
    values = [2 * proposer, 2 * responder] if roles == "fixed" else [10, 10]
    assert solution.values.tolist() == pytest.approx(values)


def test_bounds() -> None:
    spec = Ultimatum(offers=(0.1, 0.3), pie=20).spec
    # The proposer keeps 18 of 20 at best.
    assert (spec.payoff_bounds, spec.welfare_bounds, spec.reference) == ((0, 18), (0, 20), 0)
    assert Ultimatum(offers=(0.4, 0.9)).spec.payoff_bounds == (0, 9)


def test_situation() -> None:
    game = Ultimatum()
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    state = game.initial(1, luck)
    assert np.isnan(game.situation(state, 0)["offered"][0])
    state = game.step(state, np.array([[OFFER[4], -1]]), luck).state
    told = game.situation(state, 1)
    assert (told["offered"][0], told["pie"][0], told["rounds_left"][0]) == (4, 10, 10)
    # The last round's offer does not stand in the next.
    state = game.step(state, np.array([[-1, REJECT]]), luck).state
    assert np.isnan(game.situation(state, 0)["offered"][0])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"rounds": 1.0}, "rounds is 1.0"),
        ({"roles": None}, "roles is None"),
        ({"pie": -1}, "pie is -1; it must be a number above 0"),
        ({"pie": True}, "pie is True"),
        ({"offers": [0.5]}, "offers is"),
        ({"offers": [0, 2]}, "between 0 and 1"),
        ({"offers": [x / 200 for x in range(130)]}, "130 offers are too many; up to 124"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_game("ultimatum", **parameters)


def test_the_finest_offers_that_fit() -> None:
    assert len(make_game("ultimatum", offers=[x / 200 for x in range(124)]).spec.actions) == 127
