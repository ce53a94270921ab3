"""One readable match of every registered game, word for word; any change to rules, chance or views shows here.

Renew them after a wanted change with `PROSPECT_RENEW_GOLDEN=1 python -m pytest tests/golden`, and read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_env.core import position
from prospect_env.core.chance import episode_seeds
from prospect_env.core.game import Game, State
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.registry import games
from prospect_env.games.gridworld import window_of
from prospect_env.stories.plain import narrate
from prospect_env.zoo.pictures import text_of
from tests.samples import GAME_PARAMETERS

FOLDER = Path(__file__).parent


def playthrough(name: str) -> str:
    """A match of random players with trembling hands, told seat by seat."""
    parameters = GAME_PARAMETERS[name]
    game = make_game(name, noise=0.25, **parameters | ({"rounds": 3} if "rounds" in parameters else {}))
    spec = game.spec
    players = Players(game, {seat: make_policy("random") for seat in range(spec.seats)})
    at = players.begin(episode_seeds(2026, 1))
    lines = [
        f"game: {spec.name}-v{spec.version} ({spec.source or 'no source'})",
        f"seats: {', '.join(f'{agent} ({role})' for agent, role in zip(spec.agents, spec.roles, strict=True))}",
        f"actions: {', '.join(spec.actions)}",
        f"cooperative: {', '.join(spec.actions[a] for a in spec.cooperative) or 'none'}",
        f"payoffs: {spec.payoff_bounds[0]:g} to {spec.payoff_bounds[1]:g}",
        f"welfare: {spec.welfare_bounds[0]:g} to {spec.welfare_bounds[1]:g}",
        f"reactions: {', '.join(spec.reactions)}{', ranked' if spec.ranked else ''}",
        f"horizon: {spec.horizon}; window: {spec.window}",
        "",
        narrate(game, 0, 0, np.flatnonzero(game.legal(at.state)[0, 0]).tolist(), None, None, False),
    ]
    for step in range(spec.horizon):
        now = position.active(game, at)
        legal, seen = game.legal(at.state)[0], game.observe(at.state)[0]
        if not now.any():
            break
        lines += ["", f"step {step}"]
        drawn = text_of(game, at.state)
        lines += [f"    {line}" for line in drawn.splitlines()] if game.legend else []
        for seat, agent in enumerate(spec.agents):
            options = ", ".join(spec.actions[a] for a in np.flatnonzero(legal[seat]))
            told = np.trim_zeros(seen[seat], "b")
            lines.append(f"  {agent} sees [{', '.join(f'{x:.3g}' for x in told)}] and may {options}")
            window = window_of(game, seen[seat])
            lines += [f"    {row}" for row in window.rows] if window else []
            lines += [f"    {name}: {values[0]:.4g}" for name, values in situation(game, at.state, seat).items()]
        turn = players.turn(at, now)
        actions = np.array([[int(turn.decisions[s].action[0]) if now[0, s] else -1 for s in range(spec.seats)]])
        at, outcome = players.advance(game, at, actions, now)
        for seat, agent in enumerate(spec.agents):
            if not now[0, seat]:
                lines.append(f"  {agent} waits: {outcome.rewards[0, seat]:g}")
                continue
            chosen, done = spec.actions[actions[0, seat]], spec.actions[outcome.executed[0, seat]]
            slip = "" if chosen == done else f", slips and does {done}"
            shown = spec.reactions[outcome.reactions[0, seat]]
            seemed = "" if shown == done else f" ({shown})"
            lines.append(f"  {agent} chooses {chosen}{slip}{seemed}: {outcome.rewards[0, seat]:g}")
            if outcome.measures is not None:
                numbers = zip(spec.measures, outcome.measures[0, seat], strict=True)
                lines.append("    " + ", ".join(f"{name} {value:.4g}" for name, value in numbers))
    lines.append(f"\nover: {bool(at.over[0])}")
    return "\n".join(lines) + "\n"


def situation(game: Game, state: State, seat: int) -> dict[str, Any]:
    return game.situation(game.hide(state, seat), seat)


@pytest.mark.parametrize("name", list(games))
def test_playthrough(name: str) -> None:
    file = FOLDER / f"{name}.txt"
    told = playthrough(name)
    if os.environ.get("PROSPECT_RENEW_GOLDEN"):
        file.write_text(told, encoding="utf-8")
    assert file.exists(), f"{name} has no playthrough"
    assert told == file.read_text(encoding="utf-8")


def test_no_playthrough_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(games)
