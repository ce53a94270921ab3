"""Public goods: the textbook game, thresholds, punishment and networks, by hand and against known equilibria."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.conformance import require_conformance
from prospect_env.core.equilibrium import nash_conv
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.public_goods import PublicGoods

PATH = ((0, 1), (1, 2))


def luck(batch: int = 1, step: int = 1) -> Any:
    return Streams.of(episode_seeds(5, batch), 2).game(step)


def played(game: PublicGoods, *choices: list[int]) -> Outcome:
    """The outcome of the last of these joint choices."""
    state = game.initial(1, luck())
    for actions in choices:
        outcome = game.step(state, np.array([actions]), luck())
        state = outcome.state
    return outcome


def test_by_hand() -> None:
    # Levels 0, 10, 20 tokens; the pot is 10 + 20 = 30, times 1.6 is 48, a quarter of which is 12.
    outcome = played(PublicGoods(), [0, 1, 2, 0])
    assert outcome.rewards.tolist() == [[32, 22, 12, 32]]
    assert outcome.measures is not None
    assert outcome.measures[0, :, 0].tolist() == [0, 10, 20, 0]
    assert outcome.reactions.tolist() == outcome.executed.tolist() == [[0, 1, 2, 0]]
    assert outcome.seen is None
    assert bool(outcome.round_end[0])


def test_it_ends_after_its_rounds() -> None:
    game = PublicGoods(rounds=2)
    assert not played(game, [0] * 4).terminated.any()
    over = played(game, [0] * 4, [2] * 4)
    assert over.terminated.all()
    assert not game.active(over.state).any()


def pure(game: PublicGoods, *levels: int) -> np.ndarray:
    """These levels as a profile of choices made with certainty."""
    return np.eye(len(game.spec.actions))[list(levels)]


def test_giving_nothing_is_the_equilibrium_and_giving_all_the_optimum() -> None:
    game = PublicGoods(rounds=1)  # a token brings its giver 1.6 / 4 = .4
    assert nash_conv(game, pure(game, 0, 0, 0, 0)) <= 1e-6
    # Whoever gives 20 tokens saves (1 - .4) * 20 = 12 by keeping them.
    assert nash_conv(game, pure(game, 2, 2, 2, 2)) == pytest.approx(4 * 12, abs=1e-4)
    sums = {levels: float(played(game, list(levels)).rewards.sum()) for levels in product(range(3), repeat=4)}
    assert max(sums, key=sums.__getitem__) == (2, 2, 2, 2)
    # Where a token brings its giver more than it costs, giving all is dominant.
    generous = PublicGoods(rounds=1, multiplier=6)
    assert nash_conv(generous, pure(generous, 2, 2, 2, 2)) <= 1e-6


def test_threshold_by_hand() -> None:
    # 30 of the 40 tokens needed: lost, or returned. 40 of 40: 1.6 * 40 / 4 = 16 each.
    lost, returned = PublicGoods(threshold=40), PublicGoods(threshold=40, refund=True)
    assert played(lost, [0, 1, 2, 0]).rewards.tolist() == [[20, 10, 0, 20]]
    assert played(returned, [0, 1, 2, 0]).rewards.tolist() == [[20, 20, 20, 20]]
    assert played(lost, [0, 1, 2, 1]).rewards.tolist() == [[36, 26, 16, 26]]


def test_a_threshold_has_two_equilibria() -> None:
    game = PublicGoods(rounds=1, threshold=80)
    # All give all: 32 each; who gives less has at most the 20 it keeps.
    assert nash_conv(game, pure(game, 2, 2, 2, 2)) <= 1e-6
    assert nash_conv(game, pure(game, 0, 0, 0, 0)) <= 1e-6
    # At 40, two may carry it for all; each is needed: 36 - 20 = 16 against 20. So each would rather stop,
    assert nash_conv(PublicGoods(rounds=1, threshold=40), pure(game, 2, 2, 0, 0)) == pytest.approx(2 * 4, abs=1e-4)
    # but four who give half each have 26 against 20.
    assert nash_conv(PublicGoods(rounds=1, threshold=40), pure(game, 1, 1, 1, 1)) <= 1e-6


def test_punishment_by_hand() -> None:
    game = PublicGoods(punishment=True, cost=2, fine=5, rounds=2)
    assert game.spec.actions[3:] == ("punish nobody", *(f"punish player_{i}" for i in range(4)))
    first = played(game, [0, 2, 2, 2])
    assert first.rewards.tolist() == [[44, 24, 24, 24]]  # 60 * 1.6 / 4 = 24
    assert not first.round_end.any()
    legal = game.legal(first.state)[0]
    assert np.flatnonzero(legal[1]).tolist() == [3, 4, 6, 7], "nobody, or another than oneself"
    # Seats 1 and 2 punish seat 0, which punishes seat 3; seat 3 punishes nobody.
    second = played(game, [0, 2, 2, 2], [7, 4, 4, 3])
    assert second.rewards.tolist() == [[-2 - 2 * 5, -2, -2, -5]]
    assert second.round_end.all()
    assert np.isnan(second.measures).all()  # type: ignore[arg-type]
    assert np.flatnonzero(game.legal(second.state)[0, 0]).tolist() == [0, 1, 2]
    last = played(game, [0, 2, 2, 2], [7, 4, 4, 3], [0] * 4, [3] * 4)
    assert last.terminated.all()
    assert last.rewards.tolist() == [[0, 0, 0, 0]]
    assert game.spec.horizon == 4


def test_what_seats_see_of_punishment() -> None:
    game = PublicGoods(seats=2, punishment=True, rounds=2)
    seen = game.observe(played(game, [0, 2], [3, 4]).state)[0]
    # Half the time is played, it is time to give; own gift and the other's; who punished whom, own row first.
    assert seen[0].tolist() == [0.5, 0, 0, 1, 0, 0, 1, 0]
    assert seen[1].tolist() == [0.5, 0, 1, 0, 0, 1, 0, 0]


def test_network_by_hand() -> None:
    # Path 0 - 1 - 2: groups {0, 1}, {0, 1, 2} and {1, 2}; seats 0 and 2 are in two of them, seat 1 in all three.
    # Seat 0 gives 12, 6 to each of its groups; seat 1 gives 12, 4 to each; seat 2 gives nothing. Times 3:
    # pot {0, 1}: 10 -> 30, 15 each; pot {0, 1, 2}: 10 -> 30, 10 each; pot {1, 2}: 4 -> 12, 6 each.
    game = PublicGoods(seats=3, endowment=12, levels=2, multiplier=3, network=PATH)
    outcome = played(game, [1, 1, 0])
    assert outcome.rewards.tolist() == [[15 + 10, 15 + 10 + 6, 12 + 10 + 6]]
    assert outcome.rewards.sum() == 3 * 12 + (3 - 1) * 24, "what is given comes back three times, to somebody"
    assert outcome.seen is not None
    assert outcome.seen[0].tolist() == [[1, 1, -1], [1, 1, 0], [-1, 1, 0]]
    assert game.edges == PATH
    assert not game.spec.perfect_information


def test_network_threshold_by_hand() -> None:
    # As above, and a pot is worth something from 20 tokens given by its members: 24, 24 and 12 were given.
    game = PublicGoods(seats=3, endowment=12, levels=2, multiplier=3, network=PATH, threshold=20)
    assert played(game, [1, 1, 0]).rewards.tolist() == [[25, 25, 12 + 10]]
    refunded = PublicGoods(seats=3, endowment=12, levels=2, multiplier=3, network=PATH, threshold=20, refund=True)
    assert played(refunded, [1, 1, 0]).rewards.tolist() == [[25, 25 + 4, 12 + 10]]


def test_only_those_one_meets_can_be_punished() -> None:
    game = PublicGoods(seats=3, network=PATH, punishment=True)
    legal = game.legal(played(game, [0, 0, 0]).state)[0]
    assert [[game.spec.actions[a][-1] for a in np.flatnonzero(row)[1:]] for row in legal] == [["1"], ["0", "2"], ["1"]]


def test_a_complete_network_is_the_textbook_game() -> None:
    plain, graph = PublicGoods(), PublicGoods(network="complete_graph(4)")
    choices = np.array(list(product(range(3), repeat=4)))
    state = plain.initial(len(choices), luck(len(choices)))
    one, other = (game.step(state, choices, luck(len(choices))) for game in (plain, graph))
    assert np.array_equal(one.rewards, other.rewards)
    assert one.seen is other.seen is None
    assert graph.spec.perfect_information
    assert graph.spec.interchangeable == plain.spec.interchangeable == ((0, 1, 2, 3),)


def test_what_a_seat_does_not_see_it_does_not_know() -> None:
    game = PublicGoods(seats=3, network=PATH, punishment=True)
    state = played(game, [0, 1, 2], [5, 6, 3], [2, 1, 0]).state
    known = game.hide(state, 0)
    assert known.gave.tolist() == [[2, 1, -1]]
    assert known.judged.tolist() == [[2, 3, -1]]
    believed = [game.believe(known, 0, luck().imagine(i)) for i in range(200)]
    assert {int(b.gave[0, 2]) for b in believed} == {0, 1, 2}
    assert {int(b.judged[0, 2]) for b in believed} == {0, 2}, "seat 2 meets seat 1 alone"


BOUNDED: list[dict[str, Any]] = [
    {},
    {"multiplier": 0.5},
    {"multiplier": 7},
    {"threshold": 30},
    {"threshold": 30, "refund": True},
    {"threshold": 25, "multiplier": 0.8},
    {"seats": 3, "network": PATH},
    {"seats": 3, "network": PATH, "multiplier": 6},
    {"seats": 3, "network": PATH, "threshold": 15},
    {"network": "star_graph(3)", "threshold": 40, "refund": True, "levels": 2},
]


@pytest.mark.parametrize("parameters", BOUNDED, ids=str)
def test_bounds_are_exact(parameters: dict[str, Any]) -> None:
    game = PublicGoods(**parameters)
    choices = np.array(list(product(range(game.levels), repeat=game.seats)))
    rewards = game.step(game.initial(len(choices), luck(len(choices))), choices, luck(len(choices))).rewards
    assert game.spec.payoff_bounds == pytest.approx((rewards.min(), rewards.max()))
    sums = rewards.sum(axis=1, dtype=np.float64)
    assert game.spec.welfare_bounds == pytest.approx((sums.min(), sums.max()))


def test_bounds_of_punishment() -> None:
    # Everybody punished by all who meet it and punishing: 3 others at 3 each, and 1; all together 4 * (1 + 3).
    spec = PublicGoods(punishment=True).spec
    assert spec.payoff_bounds == pytest.approx((-10, 20 + 0.4 * 60))
    assert spec.welfare_bounds == pytest.approx((-16, 128))
    assert PublicGoods(seats=3, network=PATH, punishment=True).spec.payoff_bounds[0] == -1 - 2 * 3


def test_many_profiles_on_a_network_leave_the_sum_unbounded() -> None:
    game = PublicGoods(seats=12, network="cycle_graph(12)", threshold=30)
    assert np.isnan(game.spec.welfare_bounds).all()
    assert game.spec.payoff_bounds[0] == 0


def test_coarse_reactions() -> None:
    spec = PublicGoods(endowment=20, levels=6).spec
    assert spec.reactions == ("nothing", "some", "all")
    assert [spec.reactions[r] for r in spec.reaction_of] == ["nothing", *["some"] * 4, "all"]
    assert [spec.actions[a] for a in spec.cooperative] == ["give 12", "give 16", "give 20"]
    # Half the endowment counts.
    assert PublicGoods(levels=5).spec.cooperative == (2, 3, 4)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 1}, "seats is 1; it must be a whole number, 2 or more"),
        ({"seats": 4.0}, "seats is 4.0"),
        ({"rounds": True}, "rounds is True"),
        ({"rounds": 0}, "rounds is 0"),
        ({"endowment": 0}, "endowment is 0"),
        ({"levels": 1}, "levels is 1"),
        ({"levels": 4}, "endowment must be a multiple of levels - 1"),
        ({"levels": 201, "endowment": 200}, "201 actions"),
        ({"seats": 125, "punishment": True}, "129 actions"),
        ({"multiplier": 0}, "multiplier is 0; it must be above 0"),
        ({"multiplier": float("nan")}, "multiplier is nan"),
        ({"multiplier": "high"}, "wrong kind"),
        ({"cost": -1}, "cost is -1"),
        ({"fine": float("inf")}, "fine is inf"),
        ({"punishment": 1}, "punishment is 1; it must be true or false"),
        ({"refund": "no"}, "refund is 'no'"),
        ({"refund": True}, "needs a threshold"),
        ({"threshold": 0}, "threshold is 0; it must be above 0 and at most 80"),
        ({"threshold": 81}, "threshold is 81"),
        ({"threshold": 41, "network": "path_graph(4)"}, "at most 40"),
        ({"network": [(0, 1)]}, "without an edge"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("public_goods", **parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        {"rounds": 3, "punishment": True},
        {"rounds": 3, "seats": 5, "network": "cycle_graph(5)", "punishment": True},
        {"rounds": 3, "network": "star_graph(3)", "threshold": 20, "refund": True},
        {"rounds": 3, "levels": 6, "threshold": 50},
    ],
    ids=str,
)
def test_every_kind_keeps_the_contract(parameters: dict[str, Any]) -> None:
    game = make_game("public_goods", **parameters)
    require_conformance(game)
    assert make_game("public_goods", **game.parameters) == game
    assert hash(make_game("public_goods", **game.parameters)) == hash(game)
