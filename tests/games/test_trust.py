"""Trust: what is paid when, who moves when, and play by backward induction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.equilibrium import backward_induction
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.trust import Trust

SEND, RETURN = {0: 1, 5: 2, 10: 3}, {"0": 4, "1/3": 5, "2/3": 6}


def played(game: Any, moves: list[int]) -> list[tuple[int, list[float], bool]]:
    """Who moved, what was paid and whether the round ended, move by move."""
    streams = Streams.of(episode_seeds(1, 1), 2)
    state, told = game.initial(1, streams.game(0)), []
    for step, move in enumerate(moves):
        mover = int(np.argmax(game.active(state)[0]))
        assert game.legal(state)[0, mover, move], f"move {step}: {game.spec.actions[move]} is not legal"
        actions = np.full((1, 2), -1)
        actions[0, mover] = move
        outcome = game.step(state, actions, streams.game(step + 1))
        told.append((mover, outcome.rewards[0].tolist(), bool(outcome.round_end[0])))
        state = outcome.state
    return told


def test_labels() -> None:
    spec = Trust().spec
    assert spec.actions == ("wait", "send 0%", "send 50%", "send 100%", "return 0%", "return 33.3%", "return 66.7%")
    assert spec.reactions == (
        "wait",
        "sends nothing",
        "sends some",
        "sends all",
        "returns less than was sent",
        "returns what was sent",
        "returns more than was sent",
    )
    assert spec.reactions_are_actions
    assert [spec.actions[a] for a in spec.cooperative] == ["send 50%", "send 100%", "return 33.3%", "return 66.7%"]
    assert spec.roles == ("investor", "trustee")
    assert (spec.window, Trust(roles="alternating").spec.window) == (1, 2)


def test_fine_levels_show_coarse_reactions() -> None:
    spec = Trust(sends=(0.2, 0.4, 0.8), returns=(0, 0.1, 0.33, 0.5, 0.9)).spec
    assert spec.reactions == (
        "wait",
        "sends some",
        "returns less than was sent",
        "returns what was sent",
        "returns more than was sent",
    )
    assert spec.reaction_of == (0, 1, 1, 1, 2, 2, 3, 4, 4)
    # Sending 80 percent, and returning .33 (what was sent), .5 and .9.
    assert spec.cooperative == (3, 6, 7, 8)


def test_payments() -> None:
    # Sent 5: the investor has 5 less, 15 arrive. A third of 15 is 5 back.
    assert played(Trust(), [SEND[5], RETURN["1/3"]]) == [(0, [-5, 15], False), (1, [5, -5], True)]
    # Sent 10: 30 arrive; two thirds are 20.
    assert played(Trust(), [SEND[10], RETURN["2/3"]]) == [(0, [-10, 30], False), (1, [20, -20], True)]
    # Doubled: 8 sent, 16 arrive, 25 percent are 4.
    game = Trust(endowment=8, multiplier=2, sends=(0, 1), returns=(0.25, 0.5))
    assert played(game, [2, 3]) == [(0, [-8, 16], False), (1, [4, -4], True)]


def test_who_was_sent_nothing_does_not_move() -> None:
    nothing = (0, [0, 0], True)
    assert played(Trust(), [SEND[0], SEND[0], SEND[5]]) == [nothing, nothing, (0, [-5, 15], False)]


def test_roles_alternate() -> None:
    moves = [SEND[10], RETURN["0"], SEND[5], RETURN["2/3"], SEND[10]]
    assert played(Trust(roles="alternating"), moves) == [
        (0, [-10, 30], False),
        (1, [0, 0], True),
        (1, [15, -5], False),
        (0, [-10, 10], True),
        (0, [-10, 30], False),
    ]


def test_a_match_ends_after_its_rounds() -> None:
    game = Trust(rounds=2)
    streams = Streams.of(episode_seeds(1, 1), 2)
    state = game.initial(1, streams.game(0))
    for move, over in ((SEND[0], False), (SEND[5], False), (RETURN["0"], True)):
        outcome = game.step(state, np.array([[move, move]]), streams.game(1))
        state = outcome.state
        assert outcome.terminated[0] == over
    assert not game.active(state).any()


@pytest.mark.parametrize("roles", ["fixed", "alternating"])
def test_selfish_play_sends_and_returns_nothing(roles: str) -> None:
    game = Trust(rounds=3, roles=roles)
    solution = backward_induction(game)
    assert [game.spec.actions[move.action] for move in solution.path] == ["send 0%"] * 3
    assert solution.values.tolist() == [0, 0]
    # Off the path too: after 10 were sent nothing comes back, and 30 are kept.
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    trusted = game.step(game.initial(1, luck), np.array([[SEND[10], -1]]), luck).state
    assert solution.chosen(trusted).tolist() == [[-1, RETURN["0"]]]
    assert solution.value(trusted).tolist() == [[0, 0]]


def test_bounds_are_reached() -> None:
    spec = Trust().spec
    # All sent: 30 arrive and 20 are created. The most anybody pays is two thirds of 30, more than the 10 sent.
    assert spec.payoff_bounds == pytest.approx((-20, 30))
    assert spec.welfare_bounds == (0, 20)
    assert Trust(returns=(0, 0.1)).spec.payoff_bounds == pytest.approx((-10, 30))


def test_situation() -> None:
    game = Trust(rounds=4, roles="alternating")
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    state = game.initial(1, luck)
    told = game.situation(state, 0)
    assert (told["round"][0], told["rounds_left"][0], told["you_open"][0]) == (1, 4, 1)
    assert np.isnan(told["sent"][0])
    state = game.step(state, np.array([[SEND[5], -1]]), luck).state
    told = game.situation(state, 1)
    assert (told["sent"][0], told["arrived"][0], told["you_open"][0]) == (5, 15, 0)
    state = game.step(state, np.array([[-1, RETURN["0"]]]), luck).state
    told = game.situation(state, 1)
    assert (told["round"][0], told["rounds_left"][0], told["you_open"][0]) == (2, 3, 1)
    assert np.isnan(told["sent"][0])


def test_observation_is_own_first() -> None:
    game = Trust(rounds=4)
    luck = Streams.of(episode_seeds(1, 1), 2).game(1)
    seen = game.observe(game.step(game.initial(1, luck), np.array([[SEND[5], -1]]), luck).state)[0]
    sent, none = np.eye(7)[SEND[5]].tolist(), [0.0] * 7
    # Rounds ended 0 of 4, 1 of 2 moves made; seat 0 opened, seat 1 is to move.
    assert seen.tolist() == [[*sent, *none, 0, 0.5, 1, 0], [*none, *sent, 0, 0.5, 0, 1]]


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"rounds": 0}, "rounds is 0; it must be a whole number, 1 or more"),
        ({"rounds": True}, "rounds is True"),
        ({"rounds": 2.5}, "rounds is 2.5"),
        ({"roles": "both"}, "roles is 'both'; it may be fixed or alternating"),
        ({"endowment": 0}, "endowment is 0; it must be a number above 0"),
        ({"endowment": float("inf")}, "endowment is inf"),
        ({"multiplier": 1}, "multiplier is 1; it must be a number above 1"),
        ({"multiplier": "three"}, "multiplier is 'three'"),
        ({"sends": [0.5]}, "sends is .*2 or more numbers between 0 and 1"),
        ({"sends": [0.5, 0.2]}, "each larger than the one before"),
        ({"sends": [0, float("nan")]}, "each larger than the one before"),
        ({"sends": "all"}, "sends is 'all'"),
        ({"returns": [-0.1, 0.5]}, "returns is"),
        ({"returns": [0, 1.5]}, "returns is"),
        ({"returns": 0.5}, "returns is 0.5"),
        ({"returns": [0.3, 0.30001]}, "must differ by a tenth of a percent"),
        ({"sends": [x / 64 for x in range(64)], "returns": [x / 64 for x in range(64)]}, "126 are possible"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_game("trust", **parameters)


def test_lists_become_tuples() -> None:
    assert make_game("trust", sends=[0, 1], returns=[0, 0.5]) == Trust(sends=(0.0, 1.0), returns=(0.0, 0.5))
    assert len({Trust(sends=[0, 1]), Trust(sends=(0, 1)), Trust()}) == 2  # type: ignore[arg-type]
