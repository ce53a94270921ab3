"""The coin game, played by hand. Cells of the 3 x 3 board, row by row: 0 1 2 / 3 4 5 / 6 7 8."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.coin_game import CoinGame, CoinState

RIGHT, LEFT, DOWN, UP, STAY = range(5)
ANOTHERS, OWN, MOVED = range(3)
COPIES = 40_000


def luck(batch: int = 1, step: int = 1) -> Chance:
    return Streams.of(episode_seeds(5, batch), 2).game(step)


def at(places: tuple[int, ...], coin: int, owner: int, batch: int = 1, step: int = 0) -> CoinState:
    return CoinState(
        np.tile(np.array(places), (batch, 1)),
        np.full(batch, coin),
        np.full(batch, owner),
        np.full(batch, step, dtype=np.int32),
    )


def after(game: CoinGame, state: CoinState, actions: tuple[int, ...]) -> Outcome:
    batch = len(state.coin)
    return game.step(state, np.tile(np.array(actions), (batch, 1)), luck(batch))


def even(counts: np.ndarray) -> bool:
    """Whether counts are as even as chance makes them; the draws are fixed, so this does not flicker."""
    return bool(stats.chisquare(counts).pvalue > 1e-3)


@pytest.mark.parametrize(
    ("places", "coin", "owner", "actions", "then", "rewards", "events"),
    [
        # Seat 0 walks from 0 to 1, where the coin is: its own, and then seat 1's.
        ((0, 8), 1, 0, (RIGHT, UP), (1, 5), (1, 0), (OWN, MOVED)),
        ((0, 8), 1, 1, (RIGHT, UP), (1, 5), (1, -2), (ANOTHERS, MOVED)),
        ((8, 0), 1, 0, (UP, RIGHT), (5, 1), (-2, 1), (MOVED, ANOTHERS)),
        # Both reach it: 1 each, and the owner loses 2 to the other.
        ((0, 2), 1, 0, (RIGHT, LEFT), (1, 1), (-1, 1), (OWN, ANOTHERS)),
        ((0, 2), 1, 1, (RIGHT, LEFT), (1, 1), (1, -1), (ANOTHERS, OWN)),
        # Nobody does; seats may change places, and share a cell.
        ((0, 1), 4, 0, (RIGHT, LEFT), (1, 0), (0, 0), (MOVED, MOVED)),
        ((0, 2), 4, 1, (RIGHT, LEFT), (1, 1), (0, 0), (MOVED, MOVED)),
        # Edges wrap around: 0 is right of 2 and below 6.
        ((0, 8), 4, 0, (LEFT, RIGHT), (2, 6), (0, 0), (MOVED, MOVED)),
        ((0, 8), 4, 0, (UP, DOWN), (6, 2), (0, 0), (MOVED, MOVED)),
        ((0, 4), 6, 0, (UP, UP), (6, 1), (1, 0), (OWN, MOVED)),
    ],
)
def test_a_step_by_hand(places: Any, coin: int, owner: int, actions: Any, then: Any, rewards: Any, events: Any) -> None:
    outcome = after(CoinGame(), at(places, coin, owner), actions)
    assert outcome.state.places[0].tolist() == list(then)
    assert outcome.rewards[0].tolist() == list(rewards)
    assert outcome.rewards.dtype == np.float32
    assert outcome.reactions[0].tolist() == list(events)
    assert outcome.executed[0].tolist() == list(actions)
    assert outcome.measures is not None
    assert outcome.measures[0, :, 0].tolist() == [event == OWN for event in events]
    assert outcome.measures[0, :, 1].tolist() == [event == ANOTHERS for event in events]
    taken = set(events) != {MOVED}
    assert outcome.state.owner[0] == (1 - owner if taken else owner), "colours alternate, when the coin is taken"
    assert (outcome.state.coin[0] not in then) if taken else (outcome.state.coin[0] == coin)


@pytest.mark.parametrize(
    ("places", "rewards"),
    [
        # The coin is at 4, of seat 0's colour; who goes right from 3 takes it.
        ((3, 0, 0), (1, 0, 0)),
        ((0, 3, 0), (-2, 1, 0)),
        ((3, 0, 3), (-1, 0, 1)),
        # One's coin taken by both others: -2 - 2, the least a seat can have, and -4 + 1 + 1 the least in sum.
        ((0, 3, 3), (-4, 1, 1)),
        ((3, 3, 3), (-3, 1, 1)),
    ],
)
def test_three_seats(places: Any, rewards: Any) -> None:
    game = CoinGame(seats=3)
    outcome = after(game, at(places, 4, 0), (RIGHT, RIGHT, RIGHT))
    assert outcome.rewards[0].tolist() == list(rewards)
    assert game.spec.payoff_bounds == (-4, 1)
    assert game.spec.welfare_bounds == (-2, 1)
    assert outcome.state.owner[0] in (1, 2), "the next coin is another's"


def test_bounds_of_two_seats() -> None:
    spec = CoinGame().spec
    assert (spec.payoff_bounds, spec.welfare_bounds, spec.reference) == ((-2, 1), (-1, 1), 0)


@pytest.mark.parametrize(
    ("places", "actions", "free"),
    [((0, 8), (RIGHT, UP), {0, 2, 3, 4, 6, 7, 8}), ((0, 2), (RIGHT, LEFT), {0, 2, 3, 4, 5, 6, 7, 8})],
)
def test_a_new_coin_falls_evenly_where_nobody_stands(places: Any, actions: Any, free: set[int]) -> None:
    state = after(CoinGame(), at(places, 1, 0, batch=COPIES), actions).state
    cells, counts = np.unique(state.coin, return_counts=True)
    assert set(cells.tolist()) == free
    assert even(counts)


def test_a_new_coin_of_three_seats_is_either_others() -> None:
    game = CoinGame(seats=3, height=5, width=4)
    # Seats 0 and 2 share cell 1 after the step and seat 1 is at 10: 18 cells are free, for a coin of 0 or of 1.
    state = after(game, at((0, 11, 2), 1, 2, batch=COPIES), (RIGHT, LEFT, LEFT)).state
    counts = np.zeros((20, 3), dtype=np.int64)
    np.add.at(counts, (state.coin, state.owner), 1)
    assert counts[[1, 10]].sum() == counts[:, 2].sum() == 0
    assert even(np.delete(counts, [1, 10], axis=0)[:, :2].reshape(-1))


def test_matches_begin_anywhere() -> None:
    state = CoinGame().initial(COPIES, luck(COPIES, step=0))
    assert (state.places != state.coin[:, None]).all()
    # Seats stand anywhere, on one cell too; all is even, and so is the place of the coin among the free cells.
    pairs = np.bincount(state.places[:, 0] * 9 + state.places[:, 1], minlength=81)
    assert even(pairs)
    assert even(np.bincount(state.coin * 2 + state.owner, minlength=18))
    nth = state.coin - (state.places < state.coin[:, None]).sum(axis=1)
    apart = state.places[:, 0] != state.places[:, 1]
    assert even(np.bincount(nth[apart], minlength=7))


def test_moves_of_a_larger_board() -> None:
    # 5 rows of 4: 0 1 2 3 / 4 5 6 7 / 8 9 10 11 / 12 13 14 15 / 16 17 18 19.
    game = CoinGame(height=5, width=4, stay=True)
    assert game.spec.actions == ("right", "left", "down", "up", "stay")
    assert game.leads[[0, 7, 17]].tolist() == [[1, 3, 4, 16, 0], [4, 6, 11, 3, 7], [18, 16, 1, 13, 17]]
    for cell in range(20):
        reached, steps = {cell}, {cell: 0}
        for far in range(1, 6):
            reached = {int(to) for one in reached for to in game.leads[one]}
            steps |= {to: far for to in reached if to not in steps}
        assert game.distance(np.full(20, cell), np.arange(20)).tolist() == [steps[to] for to in range(20)]


def test_observations_by_hand() -> None:
    seen = CoinGame().observe(at((0, 4), 5, 1))
    plane = np.eye(9, dtype=np.float32)
    nothing = np.zeros(9)
    # Oneself, the other, one's own coin, the other's.
    assert np.array_equal(seen[0, 0], np.concatenate([plane[0], plane[4], nothing, plane[5]]))
    assert np.array_equal(seen[0, 1], np.concatenate([plane[4], plane[0], plane[5], nothing]))


def test_observations_of_three_seats() -> None:
    game = CoinGame(seats=3, height=5, width=4)
    state = game.initial(50, luck(50))
    expected = np.zeros((50, 3, 6, 20))
    for match in range(50):
        for seat in range(3):
            for ahead in range(3):
                other = (seat + ahead) % 3
                expected[match, seat, ahead, state.places[match, other]] = 1
                expected[match, seat, 3 + ahead, state.coin[match]] = other == state.owner[match]
    assert np.array_equal(game.observe(state), expected.reshape(50, 3, -1))


def test_seats_are_alike() -> None:
    game, matches = CoinGame(seats=3), 200
    state = game.initial(matches, luck(matches))
    actions = luck(matches).integers("actions", 4, (3,))
    turned = CoinState(np.roll(state.places, 1, axis=1), state.coin, (state.owner + 1) % 3, state.step)
    one, other = game.step(state, actions, luck(matches)), game.step(turned, np.roll(actions, 1, axis=1), luck(matches))
    assert np.array_equal(np.roll(one.rewards, 1, axis=1), other.rewards)
    assert np.array_equal(np.roll(one.reactions, 1, axis=1), other.reactions)
    assert np.array_equal(one.state.coin, other.state.coin)


@pytest.mark.parametrize("seats", [2, 3])
def test_random_walkers_take_any_coin(seats: int) -> None:
    # Who walks blindly takes its own coin once in N times: so it earns (2 - N) / N per coin it takes.
    game = CoinGame(seats=seats, steps=50)
    state, own, others, owners = game.initial(400, luck(400, step=0)), 0, 0, []
    streams = Streams.of(episode_seeds(6, 400), seats)
    for step in range(1, 51):
        outcome = game.step(state, streams.seat(0, step).integers("walk", 4, (seats,)), streams.game(step))
        assert outcome.measures is not None
        took = outcome.measures.sum(axis=(0, 1))
        own, others = own + int(took[0]), others + int(took[1])
        owners.append((state.owner, outcome.measures.any(axis=(1, 2))))
        # Every coin taken brings 1, and each theft costs its owner 2.
        assert outcome.rewards.sum() == took[0] - took[1]
        state = outcome.state
    assert outcome.terminated.all()
    assert stats.binomtest(own, own + others, 1 / seats).pvalue > 1e-3
    for (before, taken), (then, _) in pairwise(owners):
        assert np.array_equal(before != then, taken), "the colour changes with the coin, and only with it"


def test_pictures() -> None:
    game = CoinGame(height=2, width=3)
    assert [tile.character for tile in game.legend] == [".", "A", "B", "a", "b", "*"]
    # Seat 0 in the corner, seat 1 below it, a coin of seat 1's; then both in one cell.
    drawn = game.board(CoinState(np.array([[0, 3], [4, 4]]), np.array([5, 0]), np.array([1, 0]), np.zeros(2, np.int32)))
    assert drawn.tolist() == [[[1, 0, 0], [2, 0, 4]], [[3, 0, 0], [0, 5, 0]]]


def test_situation() -> None:
    told = CoinGame(seats=3, height=2, width=3).situation(at((0, 5, 4), 1, 2), 1)
    assert {name: int(value[0]) for name, value in told.items()} == {
        "own_row": 1,
        "own_column": 2,
        "player_0_row": 0,
        "player_0_column": 0,
        "player_2_row": 1,
        "player_2_column": 1,
        "coin_row": 0,
        "coin_column": 1,
        "coin_owner": 2,
    }


def test_the_end() -> None:
    game = CoinGame(steps=3)
    last = after(game, at((0, 8), 4, 0, step=2), (RIGHT, LEFT))
    assert last.terminated.all()
    assert not game.active(last.state).any()
    assert game.legal(last.state)[0].tolist() == [[True, False, False, False]] * 2
    beyond = after(game, last.state, (-1, -1))
    assert beyond.executed.tolist() == beyond.reactions.tolist() == [[-1, -1]]
    assert play(game, ["random", "random"]).rewards.shape[1] == 3


def test_defaults_are_those_of_the_literature() -> None:
    spec = make_game("coin_game").spec
    assert (spec.seats, spec.horizon, len(spec.actions), spec.observation_size) == (2, 150, 4, 36)
    assert (spec.events, spec.ranked, spec.window, spec.deterministic) == (True, True, 5, False)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 1}, "seats is 1; it must be a whole number, 2 or more"),
        ({"seats": 27, "height": 9, "width": 9}, "seats is 27; it must be at most 26"),
        ({"seats": 2.0}, "seats is 2.0"),
        ({"height": 0}, "height is 0; it must be a whole number, 1 or more"),
        ({"width": True}, "width is True"),
        ({"height": 1, "width": 2}, "1 x 2 has 2 cells; 2 seats and a coin need 3 or more"),
        ({"seats": 9}, "3 x 3 has 9 cells; 9 seats and a coin need 10 or more"),
        ({"steps": 0}, "steps is 0"),
        ({"window": 0}, "window is 0"),
        ({"stay": 1}, "stay is 1; it must be true or false"),
        ({"discount": 0}, "discount is 0.*; it must be above 0 and at most 1"),
        ({"discount": 1.5}, "discount is 1.5"),
        ({"discount": float("nan")}, "discount is nan"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("coin_game", **parameters)


def test_the_smallest_board() -> None:
    # 1 x 3: up and down stay where they are, and the coin always falls on a cell beside everybody.
    game = CoinGame(height=1, width=3)
    assert game.leads.tolist() == [[1, 2, 0, 0], [2, 0, 1, 1], [0, 1, 2, 2]]
    state = after(game, at((0, 2), 1, 0, batch=100), (RIGHT, UP)).state
    assert set(state.coin.tolist()) == {0}
