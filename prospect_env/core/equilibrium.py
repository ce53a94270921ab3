"""Exact solutions of small games: backward induction, and how far a profile is from a Nash equilibrium.

`backward_induction` solves finite games of perfect information in which one seat moves at a time (Kuhn 1953; Selten
1965 for subgame perfection). `nash_conv` sums what each seat could gain by changing its own choice alone in one
simultaneous round; it is 0 at a Nash equilibrium and nowhere else (Lanctot et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from itertools import combinations_with_replacement
from math import comb, factorial, prod
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, State
from prospect_env.core.state import Shared, batch_size, take

NODES = 1_000_000  #: choices looked at before a tree counts as too large
JOINT = 2_000_000  #: joint choices looked at before a round counts as too large
TIE = 1e-6  #: values this close are equal, relative to the largest payoff: payoffs are float32


class Move(NamedTuple):
    """Who moves, and what it chooses."""

    seat: int
    action: int


@dataclass(frozen=True)
class Solution(Shared):
    """What backward induction found: `values` `[N]` at the root, and the `path` of play from there.

    `values` are sums of payoffs, each discounted by `spec.discount` a step and by `continuation` a round.
    """

    values: Float[np.ndarray, " N"]
    path: tuple[Move, ...]
    levels: tuple[_Level, ...]

    def chosen(self, state: State) -> Int[np.ndarray, "B N"]:
        """What each seat does at these states, -1 for inactive seats.

        Raises `BadParameter` for a state that is not in the tree, or that is over.
        """
        found = [self._find(key) for key in _keys(state)]
        return np.array([self.levels[depth].chosen[node] for depth, node in found])

    def value(self, state: State) -> Float[np.ndarray, "B N"]:
        """What each seat has still to expect at these states; raises as `chosen` does."""
        found = [self._find(key) for key in _keys(state)]
        return np.array([self.levels[depth].values[node] for depth, node in found])

    def _find(self, key: Any) -> tuple[int, int]:
        for depth, level in enumerate(self.levels):
            node = int(np.searchsorted(level.keys, key))
            if node < len(level.keys) and level.keys[node] == key:
                return depth, node
        raise BadParameter("the state is not in the tree, or it is over there; only states with a choice can be asked")


class _Level(NamedTuple):
    """The different states after equally many steps, sorted by key: what is chosen there, and what it is worth."""

    keys: NDArray[Any]
    chosen: Int[np.ndarray, "K N"]
    values: Float[np.ndarray, "K N"]


class _Moves(NamedTuple):
    """Every choice at every state of a level: what it pays at once, and where it leads (`after`, -1: the end).

    Rows are sorted by state; `weight` is what a payoff one step later is worth now.
    """

    node: Int[np.ndarray, " E"]
    mover: Int[np.ndarray, " E"]
    actions: Int[np.ndarray, "E N"]
    rewards: Float[np.ndarray, "E N"]
    weight: Float[np.ndarray, " E"]
    after: Int[np.ndarray, " E"]


def backward_induction(game: Game, state: State | None = None, ties: str = "first", nodes: int = NODES) -> Solution:
    """Subgame-perfect play of a finite game of perfect information in which one seat moves at a time.

    Whoever moves takes what is worth most to itself, given that everybody will do so later; of equally good actions
    (within `TIE`) the one with the lowest index (`ties="first"`) or the highest (`"last"`). `state` is the root, one
    match (by default the first state). Equal states are looked at once, so repeated rounds cost little.

    Raises `BadParameter` for games with hidden information, dice, noise or simultaneous choices, and for trees of more
    than `nodes` choices.
    """
    _check_solvable(game, ties)
    rules, root = game.unending, game.initial(1, _luck(1, 0)) if state is None else state
    if batch_size(root) != 1 or not game.active(root).any():
        raise BadParameter("state must be one match that is not over yet")
    keys, level, looked_at = [_keys(root)], root, 0
    moves: list[_Moves] = []
    while len(keys[-1]):
        node, mover, actions = _choices(rules, level)
        looked_at += len(node)
        if looked_at > nodes:
            raise BadParameter(f"the tree of {game.spec.name} has {looked_at} choices or more; nodes allows {nodes}")
        made, level, found = _grow(rules, level, node, mover, actions, game.continuation)
        moves.append(made)
        keys.append(found)
    levels = _solved(keys, moves, ties, TIE * max(1.0, *map(abs, game.spec.payoff_bounds)))
    return Solution(levels[0].values[0], _path(levels, moves), tuple(levels))


def _check_solvable(game: Game, ties: str) -> None:
    spec = game.spec
    if ties not in ("first", "last"):
        raise BadParameter(f"ties is {ties!r}; it may be first or last")
    if not spec.perfect_information:
        raise BadParameter(f"{spec.name} hides something; backward induction needs perfect information")
    if not spec.deterministic or game.noiseless != game:
        raise BadParameter(f"{spec.name} rolls dice or is noisy; backward induction needs a game without chance")


def _choices(rules: Game, state: State) -> tuple[Int[np.ndarray, " E"], Int[np.ndarray, " E"], Int[np.ndarray, "E N"]]:
    """Every choice at each state: of which state, whose, and what everybody does then."""
    legal, active = rules.legal(state), rules.active(state)
    chooses = active & (legal.sum(axis=2) > 1)
    if (chooses.sum(axis=1) > 1).any():
        raise BadParameter(f"in {rules.spec.name} seats choose at once; backward induction needs one at a time")
    # Where nobody has a choice, whoever is active does the only thing it may do.
    mover = np.argmax(np.where(chooses.any(axis=1, keepdims=True), chooses, active), axis=1)
    node, action = np.nonzero(legal[np.arange(len(mover)), mover])
    actions = np.argmax(legal, axis=2)[node]
    actions[np.arange(len(node)), mover[node]] = action
    return node, mover[node], actions


def _grow(
    rules: Game, state: State, node: NDArray[Any], mover: NDArray[Any], actions: NDArray[Any], continuation: float
) -> tuple[_Moves, State, NDArray[Any]]:
    """These choices made, and the different states they lead to, with their keys."""
    outcome = rules.step(take(state, node), actions, _luck(len(node), 1))
    going = np.flatnonzero(~outcome.terminated)
    onward = take(outcome.state, going)
    keys, first, inverse = np.unique(_keys(onward), return_index=True, return_inverse=True)
    after = np.full(len(node), -1)
    after[going] = inverse
    weight = rules.spec.discount * np.where(outcome.round_end, continuation, 1.0)
    done = np.where(rules.active(state)[node], actions, -1)
    return _Moves(node, mover, done, outcome.rewards.astype(np.float64), weight, after), take(onward, first), keys


def _solved(keys: list[NDArray[Any]], moves: list[_Moves], ties: str, tie: float) -> list[_Level]:
    levels: list[_Level] = []
    later = np.zeros((0, moves[0].rewards.shape[1]))
    for found, made in zip(keys[len(moves) - 1 :: -1], moves[::-1], strict=True):
        onward = np.append(later, np.zeros((1, later.shape[1])), axis=0)[made.after]  # the last row, -1, is the end
        worth = made.rewards + made.weight[:, None] * onward
        own = worth[np.arange(len(worth)), made.mover]
        starts = np.flatnonzero(np.diff(made.node, prepend=-1))
        best = np.flatnonzero(own >= np.maximum.reduceat(own, starts)[made.node] - tie)
        if ties == "last":
            best = best[::-1]
        best = best[np.unique(made.node[best], return_index=True)[1]]
        later = worth[best]
        levels.append(_Level(found, made.actions[best], later))
    return levels[::-1]


def _path(levels: list[_Level], moves: list[_Moves]) -> tuple[Move, ...]:
    path, node = [], 0
    for level, made in zip(levels, moves, strict=True):
        chosen = np.flatnonzero((made.node == node) & (made.actions == level.chosen[node]).all(axis=1))[0]
        seat = int(made.mover[chosen])
        path.append(Move(seat, int(made.actions[chosen, seat])))
        node = int(made.after[chosen])
        if node < 0:
            break
    return tuple(path)


def nash_conv(game: Game, profile: Float[np.ndarray, "N A"]) -> float:
    """What all seats together could gain by each changing its own choice alone: 0 at a Nash equilibrium, else above.

    `game` is one simultaneous round (`rounds=1`); `profile[i, a]` is the probability that seat `i` chooses `a`. The sum
    over seats of max_a u_i(a, profile_-i) - u_i(profile), in payoffs, by enumeration. Raises `BadParameter` for games
    of more than one round or with hidden information, dice or noise, for what is no profile, and as `action_values`.
    """
    spec = game.spec
    if not (spec.perfect_information and spec.deterministic and game.noiseless == game):
        raise BadParameter(f"{spec.name} has hidden information, dice or noise; NashConv is of games without")
    legal = game.legal(game.initial(1, _luck(1, 0)))
    if not game.step(game.initial(1, _luck(1, 0)), np.argmax(legal, axis=2), _luck(1, 1)).terminated.all():
        raise BadParameter(f"{spec.name} goes on after the first step; NashConv is of one round")
    values = [action_values(game, profile, seat) for seat in range(spec.seats)]
    return float(sum(np.nanmax(q) - np.nansum(p * q) for p, q in zip(profile, values, strict=True)))


def action_values(game: Game, profile: Float[np.ndarray, "N A"], seat: int) -> Float[np.ndarray, " A"]:
    """What each action of `seat` is worth in the first step, in payoffs, when the others choose by `profile`.

    Exact, by enumerating the others' joint choices; of seats that are interchangeable and choose alike only how many do
    what counts. Nan for illegal actions; the seat's own row of `profile` is not looked at. Raises `BadParameter` for
    what is no profile, and where there are more than `JOINT` joint choices.
    """
    rules, spec = game.unending, game.spec
    legal = rules.legal(rules.initial(1, _luck(1, 0)))[0]
    profile = np.asarray(profile, dtype=np.float64)
    _check_profile(profile, legal)
    joint, weights = _joint(spec, profile, seat, int(legal[seat].sum()))
    start, luck = rules.initial(len(joint), _luck(len(joint), 0)), _luck(len(joint), 1)
    values = np.full(len(spec.actions), np.nan)
    for action in np.flatnonzero(legal[seat]):
        joint[:, seat] = action
        values[action] = (weights * rules.step(start, joint, luck).rewards[:, seat]).sum()
    return values


def _check_profile(profile: NDArray[np.float64], legal: Bool[np.ndarray, "N A"]) -> None:
    if profile.shape != legal.shape:
        raise BadParameter(f"profile has shape {profile.shape}; it must be {legal.shape}, seats by actions")
    for seat, (row, allowed) in enumerate(zip(profile, legal, strict=True)):
        if not (abs(row.sum() - 1.0) <= TIE and (row >= 0).all() and (row[~allowed] == 0).all()):
            what = f"profile of seat {seat} is {row.tolist()}"
            raise BadParameter(f"{what}; it must be probabilities of legal actions, summing to 1")


def _joint(
    spec: GameSpec, profile: NDArray[np.float64], seat: int, options: int
) -> tuple[Int[np.ndarray, "J N"], Float[np.ndarray, " J"]]:
    """The joint choices of the others that have a probability, and which; the column of `seat` is for the caller."""
    group_of = {i: number for number, group in enumerate(spec.interchangeable) for i in group}
    alike: dict[tuple[int, bytes], list[int]] = {}
    for other in range(spec.seats):
        if other != seat:
            alike.setdefault((group_of.get(other, -1 - other), profile[other].tobytes()), []).append(other)
    groups = list(alike.values())
    support = [np.flatnonzero(profile[group[0]]) for group in groups]
    sizes = [comb(len(s) + len(group) - 1, len(group)) for s, group in zip(support, groups, strict=True)]
    count = prod(sizes)
    if options * count > JOINT:
        raise BadParameter(f"{spec.name} has {options * count} joint choices; up to {JOINT} are looked at")
    joint, weights = np.zeros((count, spec.seats), dtype=np.int64), np.ones(count)
    for group, s, which in zip(groups, support, np.indices(sizes).reshape(len(sizes), -1), strict=True):
        done = np.array(list(combinations_with_replacement(s, len(group))), dtype=np.int64)
        joint[:, group] = done[which]
        weights *= (_orders(done) * profile[group[0]][done].prod(axis=1))[which]
    return joint, weights


def _orders(choices: Int[np.ndarray, "C M"]) -> Float[np.ndarray, " C"]:
    """In how many orders `M` seats can make each of these choices, whose entries are sorted."""
    count, run = np.full(len(choices), float(factorial(choices.shape[1]))), np.ones(len(choices))
    for before, now in zip(choices.T[:-1], choices.T[1:], strict=True):
        run = np.where(now == before, run + 1, 1.0)
        count /= run
    return count


def _luck(batch: int, step: int) -> Chance:
    """Chance that does not matter: it is drawn from by nobody."""
    return Chance(np.zeros(batch, dtype=np.uint64), step)


def _keys(state: State) -> NDArray[Any]:
    """The bytes of each match's state: equal for equal states."""
    batch = batch_size(state)
    if not batch:
        return np.zeros(0, dtype="S1")
    columns = [np.ascontiguousarray(leaf).reshape(batch, -1).view(np.uint8) for leaf in _leaves(state, batch)]
    rows = np.ascontiguousarray(np.concatenate(columns, axis=1))
    # Trailing zero bytes are ignored in comparisons, which does no harm where all keys are equally long.
    return rows.view(f"S{rows.shape[1]}")[:, 0]


def _leaves(state: Any, batch: int) -> list[NDArray[Any]]:
    if isinstance(state, np.ndarray):
        return [state] if state.size else []
    if isinstance(state, int):
        return [np.full(batch, state)]
    if isinstance(state, tuple):
        raise BadParameter("the state holds tuples; backward induction compares states made of arrays")
    if isinstance(state, dict):
        return [leaf for value in state.values() for leaf in _leaves(value, batch)]
    if is_dataclass(state) and not isinstance(state, Shared):
        return [leaf for field in fields(state) for leaf in _leaves(getattr(state, field.name), batch)]
    return []
