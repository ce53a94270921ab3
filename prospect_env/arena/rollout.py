"""`branch_returns`: what everybody would have earned to the end, had one seat taken another action in this step.

The branches are played on by the real players with their real chance and the game's, so two branches differ by that one
action and by what followed from it: common luck.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core import position
from prospect_env.core.players import Players
from prospect_env.core.position import Position
from prospect_env.core.state import take


def branch_returns(
    players: Players, at: Position, now: Bool[np.ndarray, "B N"], actions: Int[np.ndarray, "B N"], limit: int
) -> Float[np.ndarray, "B N A N"]:
    """`[b, i, a, j]`: the undiscounted return of seat `j` from this step on, had seat `i` taken `a`, luck being equal.

    The other seats choose in this step as they did (`actions`) and answer from the next step on. `limit` is how many
    steps are played at most. Nan where `i` does not act or `a` is not legal.
    """
    game = players.game
    legal = game.legal(at.state) & now[..., None]
    row, seat, action = np.nonzero(legal)
    node, acts = take(at, row), now[row]
    chosen = actions[row]
    chosen[np.arange(len(row)), seat] = action
    total = np.zeros((len(row), game.spec.seats))
    for left in range(limit, 0, -1):
        node, outcome = players.advance(game, node, chosen, acts)
        playing = np.asarray(acts.any(axis=1))[:, None]
        total += np.where(playing, outcome.rewards, 0.0)
        acts = position.active(game, node)
        if left == 1 or not acts.any():
            break
        turn = players.turn(node, acts, branched=True)
        chosen = np.full(acts.shape, -1, dtype=np.int8)
        for other, decision in turn.decisions.items():
            chosen[:, other] = np.where(acts[:, other], decision.action, -1)
    found = np.full((*legal.shape, game.spec.seats), np.nan, dtype=np.float32)
    found[row, seat, action] = total
    return found
