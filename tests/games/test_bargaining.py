"""Bargaining: values and their prior, what a deal brings, what is hidden, and alternating offers solved by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.equilibrium import backward_induction
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.games.bargaining import ACCEPT, OFFER, Bargaining, Talks


def luck(batch: int = 1, step: int = 1) -> Any:
    return Streams.of(episode_seeds(3, batch), 2).game(step)


def drawn(game: Bargaining, values: Any, outside: Any = (0, 0)) -> Talks:
    """The first state of a match with these values."""
    return replace(
        game.initial(1, luck()),
        values=np.array([values], dtype=np.int16),
        outside=np.array([outside], dtype=np.int8),
    )


def paid(game: Bargaining, state: Talks, moves: list[str]) -> list[float]:
    """What the last of these moves paid; all before it paid nothing."""
    rewards = np.zeros((1, 2))
    for move in moves:
        assert not rewards.any()
        active = game.active(state)
        action = game.spec.actions.index(move)
        assert game.legal(state)[active][0, action], move
        outcome = game.step(state, np.where(active, action, -1), luck())
        rewards, state = outcome.rewards, outcome.state
    assert state.over[0]
    return [float(x) for x in rewards[0]]


def test_the_prior_holds_every_vector_once() -> None:
    game = Bargaining()
    every = [v for v in product(range(11), repeat=3) if 2 * v[0] + 2 * v[1] + v[2] == 10]
    assert [tuple(v) for v in game.vectors.tolist()] == every
    assert len(every) == 21
    assert len(game.splits) == 3 * 3 * 2


def test_values_are_drawn_uniformly_and_independently() -> None:
    game = Bargaining(goods=(2, 1), total=4, outside=(0, 1))
    # (0, 4), (1, 2), (2, 0): nine pairs, and four pairs of outside options.
    state = game.initial(3600, luck(3600))
    pairs = state.values[:, 0, 0] * 3 + state.values[:, 1, 0]
    assert stats.chisquare(np.bincount(pairs, minlength=9)).pvalue > 1e-3
    levels = state.outside[:, 0] * 2 + state.outside[:, 1]
    assert stats.chisquare(np.bincount(levels, minlength=4)).pvalue > 1e-3


def test_what_is_believed_is_the_prior_given_what_is_known() -> None:
    game = Bargaining(goods=(2, 1), total=4, outside=(0, 1))
    state = drawn(game, [(1, 2), (2, 0)], (1, 0))
    many = replace(state, **{f: np.repeat(getattr(state, f), 3000, axis=0) for f in state.__dataclass_fields__})
    for seat, other in ((0, 1), (1, 0)):
        known = game.hide(many, seat)
        assert (known.values[:, other] == -1).all()
        assert (known.outside[:, other] == -1).all()
        believed = game.believe(known, seat, luck(3000))
        assert np.array_equal(believed.values[:, seat], many.values[:, seat])
        assert np.array_equal(believed.outside[:, seat], many.outside[:, seat])
        assert stats.chisquare(np.bincount(believed.values[:, other, 0], minlength=3)).pvalue > 1e-3
        assert stats.binomtest(int(believed.outside[:, other].sum()), 3000).pvalue > 1e-3


@pytest.mark.parametrize(("values", "outside"), [(True, True), (True, False), (False, True), (False, False)])
def test_what_is_private(values: bool, outside: bool) -> None:
    game = Bargaining(private_values=values, private_outside=outside, outside=(0, 2))
    assert game.spec.perfect_information == (not values and not outside)
    known = game.hide(game.initial(5, luck(5)), 0)
    assert (known.values[:, 1] == -1).any() == values
    assert (known.outside[:, 1] == -1).any() == outside
    assert game.observe(game.initial(5, luck(5))).shape == (5, 2, game.spec.observation_size)


def test_what_leaves_nothing_to_hide_is_not_hidden() -> None:
    assert Bargaining(goods=(4,), total=8).spec.perfect_information
    assert not Bargaining(goods=(4,), total=8, outside=(0, 1)).spec.perfect_information


def test_deals() -> None:
    game = Bargaining(decay=0.5, turns=4)
    state = drawn(game, [(1, 2, 4), (3, 2, 0)])
    # The answerer gets one of each: 3 + 2 + 0 = 5; the opener keeps one, one and none: 1 + 2 = 3.
    assert paid(game, state, ["offer 1-1-1", "accept"]) == [3, 5]
    # Refused once: the answerer offers 2-0-1, worth 2 + 4 = 6 to the opener, and keeps 0-2-0, worth 4; both halved.
    assert paid(game, state, ["offer 1-1-1", "offer 2-0-1", "accept"]) == [3, 2]
    # Refused three times: an eighth of nothing and of everything.
    assert paid(game, state, [*["offer 0-0-0"] * 3, "offer 2-2-1", "accept"]) == [1.25, 0]


def test_walking_away() -> None:
    game = Bargaining(decay=0.5, turns=3, outside=(1, 4), private_outside=False)
    state = drawn(game, [(1, 2, 4), (3, 2, 0)], (1, 0))
    assert paid(game, state, ["walk away"]) == [4, 1]
    assert paid(game, state, ["offer 0-0-0", "walk away"]) == [4, 1]
    assert paid(game, state, [*["offer 0-0-0"] * 3, "walk away"]) == [1, 0.25]


def test_the_last_offer_is_taken_or_left() -> None:
    game = Bargaining(turns=2)
    state = game.initial(1, luck())
    legal = []
    for move in (OFFER, OFFER):
        legal.append(game.legal(state)[game.active(state)][0])
        state = game.step(state, np.full((1, 2), move), luck()).state
    legal.append(game.legal(state)[game.active(state)][0])
    offers, leave = slice(OFFER, game.leave), game.leave
    assert [bool(row[offers].all()) for row in legal] == [True, True, False]
    assert [bool(row[ACCEPT]) for row in legal] == [False, True, True]
    assert all(row[leave] for row in legal)
    assert not legal[2][offers].any()


# A pie of 4 slices, a point each, and what waiting is worth to the other found from the end:
#  1 offer: the last proposer keeps all 4.
#  2 offers, decay 1/2: then the answerer has 4/2 = 2 of its own, so 2 slices must be left: 2 and 2.
#  3 offers: the opener would have 4/4 = 1 at last; before that it must be left 2 slices (worth 1), so that the answerer
#    keeps 2 slices worth 1; at first 1 slice must be left: 3 and 1.
@pytest.mark.parametrize(("turns", "values"), [(1, [4, 0]), (2, [2, 2]), (3, [3, 1])])
def test_alternating_offers_over_a_pie(turns: int, values: list[float]) -> None:
    game = Bargaining(goods=(4,), total=4, turns=turns, decay=0.5, outside=(0,))
    # Accepting is the first action in the list, so that indifference accepts.
    solution = backward_induction(game)
    assert solution.values.tolist() == pytest.approx(values)


def test_outside_options_bind_only_where_they_beat_waiting() -> None:
    # Two offers, decay 1/2: waiting is worth 2 to the answerer. An option of 1 changes nothing for it; one of 3 must be
    # matched (Binmore, Shaked and Sutton 1989); with 1 each the last proposer leaves 1 slice and keeps 3, worth 1.5
    # after a refusal, so that 2 slices are left at first.
    game = Bargaining(goods=(4,), total=4, turns=2, decay=0.5, outside=(0, 1, 3), private_outside=False)
    for outside, values in (((0, 1), [2, 2]), ((0, 2), [1, 3]), ((1, 1), [2, 2])):
        assert backward_induction(game, drawn(game, [(1,), (1,)], outside)).values.tolist() == pytest.approx(values)


def test_public_values_are_traded_on() -> None:
    # One take-it-or-leave-it offer, outside options 2: the opener gives up the good it values least per point that the
    # answerer needs. Values (1, 2) and (2, 0) of goods 2 and 1: an item of the first good costs 1 and brings 2.
    game = Bargaining(goods=(2, 1), total=4, turns=1, outside=(2,), private_values=False)
    solution = backward_induction(game, drawn(game, [(1, 2), (2, 0)]))
    assert [game.spec.actions[move.action] for move in solution.path] == ["offer 1-0", "accept"]
    assert solution.values.tolist() == [3, 2]


def test_bounds() -> None:
    # Goods 2 and 1, total 4: one values only the first good, the other only the second: 4 each.
    spec = Bargaining(goods=(2, 1), total=4, outside=(0,)).spec
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((0, 4), (0, 8))
    spec = Bargaining(goods=(4,), total=4, outside=(1, 5)).spec
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((0, 5), (0, 10))


def test_situation_tells_a_seat_its_own_side() -> None:
    game = Bargaining(decay=0.5, turns=3, outside=(1, 4))
    state = drawn(game, [(1, 2, 4), (3, 2, 0)], (1, 0))
    assert np.isnan(game.situation(game.hide(state, 0), 0)["on_offer"][0])
    for move in ("offer 1-1-1", "offer 0-2-0"):
        state = game.step(state, np.full((1, 2), game.spec.actions.index(move)), luck()).state
    told = {name: value[0] for name, value in game.situation(game.hide(state, 0), 0).items()}
    # Two items of the second good, 2 each.
    assert told == {
        "value_1": 1,
        "value_2": 2,
        "value_3": 4,
        "outside_option": 4,
        "on_offer": 4,
        "turn": 3,
        "offers_left": 1,
        "worth_of_a_point": 0.5,
    }
    # The answerer keeps two of the first good, none of the second and one of the third: 3 + 3 + 0.
    assert game.situation(game.hide(state, 1), 1)["on_offer"][0] == 6


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"goods": []}, "goods is .*a list of 1 or more numbers"),
        ({"goods": 3}, "goods is 3"),
        ({"goods": "books"}, "goods is 'books'"),
        ({"goods": [2, 0]}, "a quantity in goods is 0; it must be a whole number, 1 or more"),
        ({"goods": [2.0]}, "a quantity in goods is 2.0"),
        ({"goods": [4, 4, 4]}, "can be split in 125 ways; up to 124 are possible"),
        ({"goods": [2, 2], "total": 5}, "total is 5: no ways to value goods"),
        ({"goods": [1, 1, 1], "total": 40}, "total is 40: more than 500 ways"),
        ({"total": 0}, "total is 0"),
        ({"turns": 0}, "turns is 0"),
        ({"turns": 1.5}, "turns is 1.5"),
        ({"decay": 0}, "decay is 0; it must be above 0 and at most 1"),
        ({"decay": 1.1}, "decay is 1.1"),
        ({"outside": []}, "outside is"),
        ({"outside": [-1]}, "outside is .*0 or more"),
        ({"outside": [float("nan")]}, "outside is .*finite"),
        ({"outside": [1, 1]}, "its levels must differ"),
        ({"outside": ["much"]}, "wrong kind"),
        ({"private_values": "no"}, "private_values is 'no'; it must be true or false"),
        ({"private_outside": 1}, "private_outside is 1"),
    ],
)
def test_impossible_parameters(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_game("bargaining", **parameters)


def test_the_most_that_fits() -> None:
    assert len(make_game("bargaining", goods=[123], total=123).spec.actions) == 127
    assert len(Bargaining(goods=(1, 1, 1), total=30).vectors) == 31 * 32 // 2
