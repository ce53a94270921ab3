"""Twins of a game: the same payoffs with a seat's own actions relabelled, so that naming a label cancels out.

Naming a label makes a model likelier to choose it. In a coordination game that looks like an answer to a prediction;
in its anti-coordination twin, where the best answer to "they will do r" is another action, it looks like the opposite.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from prospect_env.core.chance import Streams
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.games.matrix import MatrixGame, matrix_game

UNDEFINED = -1  #: stands for a best response where there is none, or more than one


def best_responses(game: Game, seat: int = 0) -> Int[np.ndarray, " A"]:
    """The seat's best own action against each action of the other, by the payoffs of the first step without noise.

    `UNDEFINED` where several own actions pay the same. Raises `BadParameter` unless two seats choose at once, among the
    same actions, and reactions are actions; and for a seat that there is not.
    """
    check_seat(game, seat)
    spec = game.spec
    count = len(spec.actions)
    own, other = (grid.ravel() for grid in np.mgrid[:count, :count])
    streams = Streams.of(np.arange(len(own), dtype=np.uint64), spec.seats)
    state = game.initial(len(own), streams.game(0))
    together = spec.seats == 2 and spec.reactions_are_actions and bool(game.active(state).all())
    if not together or not game.legal(state).all():
        raise BadParameter(f"best responses need two seats that choose at once, of equal actions; not {spec.name}")
    pair = np.stack([own, other] if seat == 0 else [other, own], axis=1).astype(np.int8)
    paid = game.noiseless.step(state, pair, streams.game(1)).rewards[:, seat].reshape(count, count)
    single = (paid == paid.max(axis=0)).sum(axis=0) == 1
    return np.where(single, paid.argmax(axis=0), UNDEFINED)


def twins(game: Game, seat: int = 0) -> tuple[MatrixGame, ...]:
    """As many games as there are actions: in number `k` the best response to `r` is `r + k`, modulo their number.

    Number 0 is a coordination game for `seat` and the others are its anti-coordination twins; the game given is one of
    them up to a relabelling, and with two actions exactly. All have the same payoffs in another pairing. Over all of
    them every action is once the best response to each label, so whatever a label does to the choice by its name alone
    adds up to nothing. Raises `BadParameter` unless it is a plain matrix game in which different actions of the other
    have different best responses: with a constant one, as in the prisoner's dilemma, there is no response to tell.
    """
    if not isinstance(game, MatrixGame):
        raise BadParameter(f"twins are made of plain matrix games; {game.spec.name} is {type(game).__name__}")
    best = best_responses(game, seat)
    if not answers_each(best):
        raise BadParameter(f"{game.spec.name} has best responses {best.tolist()}; twins need a different one to each")
    spec, own = game.spec, np.arange(len(best))
    return tuple(
        matrix_game(
            np.take(game.payoffs, best[(own - turn) % len(best)], axis=seat),
            game.rounds, spec.discount, spec.actions, spec.cooperative, spec.name, spec.source,
        )
        for turn in range(len(best))
    )  # fmt: skip


def check_seat(game: Game, seat: int) -> None:
    """Raises `BadParameter` for a seat that the game does not have."""
    if isinstance(seat, bool) or not isinstance(seat, int) or not 0 <= seat < game.spec.seats:
        raise BadParameter(f"seat is {seat!r}; {game.spec.name} has seats 0 to {game.spec.seats - 1}")


def answers_each(best: NDArray[np.integer]) -> bool:
    """Whether every label has a best response of its own."""
    return UNDEFINED not in best and len(set(best.tolist())) == len(best)
