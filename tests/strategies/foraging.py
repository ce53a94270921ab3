"""What foragers choose in a gridworld put up by hand, after what they have seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prospect_env.core.make import make_policy
from prospect_env.core.policy import Event, Table, View
from prospect_env.games.gridworld import Field, GridWorld
from tests.games.grid import luck


def choice(
    policy: str, game: GridWorld, state: Field, seat: int = 0, seen: Sequence[Sequence[str]] = ()
) -> dict[str, float]:
    """What a policy does with which probability, once it has `seen` everybody do this step by step ("-": sent off)."""
    mind = make_policy(policy)
    memory = mind.begin(Table(game, seat, 1, luck(0)))
    for did in seen:
        actions = np.array([[-1 if name == "-" else game.spec.actions.index(name) for name in did]], dtype=np.int8)
        memory = mind.observe(memory, Event(np.zeros(1, dtype=np.float32), actions, actions >= 0))
    legal, active = game.legal(state)[:, seat], game.active(state)[:, seat]
    view = View(game, seat, game.hide(state, seat), legal, active, 1, np.zeros(1, dtype=np.int64))
    decision = mind.decide(memory, view, luck(1), None)
    assert decision.probs is not None
    assert decision.probs[0, decision.action[0]] > 0
    return {name: p for name, p in zip(game.spec.actions, decision.probs[0].tolist(), strict=True) if p > 0}
