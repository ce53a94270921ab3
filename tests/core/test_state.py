"""`take` and `put`: on everything a match is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from prospect_env.core import position
from prospect_env.core.chance import episode_seeds
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.policy import Event
from prospect_env.core.state import batch_size, join, put, take

GAME = make_game("prisoners_dilemma", rounds=5, noise=0.2, termination_probability=0.1)
SPECS = ("prospective:predictor=bayes", "random_memory_one")


def table() -> tuple[Players, position.Position]:
    players = Players(GAME, {seat: make_policy(spec) for seat, spec in enumerate(SPECS)})
    at = players.begin(episode_seeds(3, 6))
    for _ in range(2):
        now = position.active(GAME, at)
        decisions = players.turn(at, now).decisions
        at, _ = players.advance(GAME, at, np.stack([decisions[seat].action for seat in (0, 1)], axis=1), now)
    return players, at


def leaves(x: Any) -> list[np.ndarray]:
    if isinstance(x, np.ndarray):
        return [x]
    if isinstance(x, dict):
        return [leaf for value in x.values() for leaf in leaves(value)]
    if hasattr(x, "__dataclass_fields__"):
        names = [name for name in x.__dataclass_fields__ if name not in ("game", "spec")]
        return [leaf for name in names for leaf in leaves(getattr(x, name))]
    return []


@pytest.mark.parametrize("what", ["position", "state", "memory", "view", "chance", "event"])
def test_take_and_put_work_on(what: str) -> None:
    _, at = table()
    things = {
        "position": at,
        "state": at.state,
        "memory": at.memories[0],
        "view": position.view(GAME, at, 0),
        "chance": position.chance(at, 1),
        "event": Event(np.arange(6.0), np.arange(12).reshape(6, 2), np.ones((6, 2), dtype=bool)),
    }
    thing = things[what]
    index = np.array([4, 0, 4])
    taken = take(thing, index)
    assert batch_size(taken) == 3
    for whole, part in zip(leaves(thing), leaves(taken), strict=True):
        assert np.array_equal(whole[index], part)
    if what == "view":
        assert taken.game is GAME
    # Rows 1 and 2 become rows 5 and 3; everything else stays, in the original too.
    before = [leaf.copy() for leaf in leaves(thing)]
    changed = put(thing, np.array([1, 2]), take(thing, np.array([5, 3])))
    for old, kept, new in zip(before, leaves(thing), leaves(changed), strict=True):
        assert np.array_equal(old, kept)
        assert np.array_equal(new, old[[0, 5, 3, 3, 4, 5]])


@dataclass(frozen=True)
class Mixed:
    step: int
    words: tuple[str, ...]
    numbers: np.ndarray
    name: str


def test_integers_become_arrays_where_matches_come_to_differ() -> None:
    one = Mixed(1, ("a", "b", "c"), np.arange(3), "x")
    other = Mixed(7, ("d",), np.array([9]), "x")
    mixed = put(one, np.array([1]), other)
    assert mixed.step.tolist() == [1, 7, 1]  # type: ignore[attr-defined]
    assert mixed.words == ("a", "d", "c")
    assert mixed.numbers.tolist() == [0, 9, 2]
    assert take(mixed, np.array([1])).step.tolist() == [7]  # type: ignore[attr-defined]


def test_join_puts_matches_side_by_side() -> None:
    _, at = table()
    parts = [take(at, np.array([2, 5])), take(at, np.array([0])), take(at, np.array([5, 1, 1]))]
    joined = join(parts)
    assert batch_size(joined) == 6
    for whole, found in zip(leaves(at), leaves(joined), strict=True):
        assert np.array_equal(found, whole[[2, 5, 0, 5, 1, 1]])
    assert joined.step == at.step
    one, other = Mixed(1, ("a", "b"), np.arange(2), "x"), Mixed(7, ("c",), np.array([9]), "x")
    mixed = join([one, other, put(one, np.array([0]), other)])
    assert mixed.step.tolist() == [1, 1, 7, 7, 1]  # type: ignore[attr-defined]
    assert mixed.words == ("a", "b", "c", "c", "b")
    assert mixed.numbers.tolist() == [0, 1, 9, 9, 1]


def test_join_refuses_what_does_not_fit() -> None:
    one = Mixed(1, ("a",), np.arange(1), "x")
    with pytest.raises(ValueError, match="'x' and others: what belongs to all matches differs"):
        join([one, Mixed(1, ("a",), np.arange(1), "y")])
    with pytest.raises(TypeError, match="Mixed, ndarray"):
        join([one, np.arange(1)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"\['a'\], \['b'\].*the keys differ"):
        join([{"a": np.zeros(1)}, {"b": np.zeros(1)}])


def test_put_refuses_what_does_not_fit() -> None:
    one = Mixed(1, ("a",), np.arange(1), "x")
    with pytest.raises(ValueError, match="differs"):
        put(one, np.array([0]), Mixed(1, ("a",), np.arange(1), "y"))
    with pytest.raises(TypeError, match="Event"):
        put(one, np.array([0]), Event(np.zeros(1), np.zeros((1, 2), dtype=int), np.zeros((1, 2), dtype=bool)))
    with pytest.raises(ValueError, match="keys"):
        put({"a": np.zeros(1)}, np.array([0]), {"b": np.zeros(1)})
    with pytest.raises(ValueError, match="no match axis"):
        batch_size(GAME)
