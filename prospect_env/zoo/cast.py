"""`Cast`: who is played inside a view, and who outside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game, GameSpec, State
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.policy import Policy
from prospect_env.core.registry import load
from prospect_env.zoo.options import Options
from prospect_env.zoo.pictures import sight_of

Opponents = Sequence[str | Policy] | str | Policy | None
OUTSIDE = "outside"  #: the policy name under which seats played by the caller are recorded


@dataclass(frozen=True)
class Cast:
    """The rules, the players inside, and what the view was asked to do."""

    players: Players
    options: Options

    @property
    def game(self) -> Game:
        """The rules."""
        return self.players.game

    @property
    def spec(self) -> GameSpec:
        """The game's description."""
        return self.players.game.spec

    @cached_property
    def outside(self) -> tuple[int, ...]:
        """The seats that the caller plays."""
        return tuple(seat for seat in range(self.spec.seats) if seat not in self.players.policies)

    @cached_property
    def agents(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.spec.agents[seat] for seat in self.outside)

    @property
    def forecasting(self) -> bool:
        """Whether anybody forecasts, outside or inside."""
        return self.options.forecasting or any(policy.forecasts for policy in self.players.policies.values())

    @property
    def guarded(self) -> bool:
        """Whether a guard has a say in what somebody inside does."""
        return any(policy.guarded for policy in self.players.policies.values())

    @property
    def branching(self) -> bool:
        """Whether rows of forecasts about the co-players inside are scored by branching."""
        return self.options.forecasting and bool(self.players.policies)

    @cached_property
    def tell(self) -> Any:
        """How the game is told: a `stories.teller.Teller`."""
        text = self.options.text
        return load("prospect_env.stories.teller:teller")(self.game, text if isinstance(text, str) else None)

    def told(self, seat: int, step: int, state: State, **said: Any) -> str:
        """What `seat` is told after `step` steps, when one match stands at `state`."""
        known = self.game.hide(state, seat)
        situation = {name: np.asarray(value)[0].item() for name, value in self.game.situation(known, seat).items()}
        sight = sight_of(self.game, state, seat)
        return str(self.tell(seat, step, situation=situation, sight=sight, **said))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Who sits where, for the records."""
        policies = self.players.policies
        return tuple(policies[seat].name if seat in policies else OUTSIDE for seat in range(self.spec.seats))


def cast(
    game: str | Game, parameters: Mapping[str, Any], co_players: Mapping[str, str | Policy] | None, options: Options
) -> Cast:
    """Build game and co-players; `co_players` maps agent names to policies or their spec strings.

    Raises `UnknownName`, `BadParameter` or `UnsuitablePolicy` before anything is played.
    """
    rules = make_game(game, **parameters)
    agents, inside = rules.spec.agents, dict(co_players or {})
    for agent in inside:
        if agent not in agents:
            raise UnknownName("agent", str(agent), agents)
    if len(inside) == len(agents):
        raise BadParameter("co_players names every seat; at least one must be left to the caller")
    if options.rows == "all" and not inside:
        raise BadParameter(
            "rows='all' needs co_players: only seats played inside can be asked what they would have done"
        )
    policies = {seat: make_policy(inside[agent]) for seat, agent in enumerate(agents) if agent in inside}
    found = Cast(Players(rules, policies), options)
    if isinstance(options.text, str):
        found.tell  # noqa: B018 - a story that does not fit is refused now
    if found.branching:
        found.players.require_branchable()
    return found


def opposite(
    game: str | Game, parameters: Mapping[str, Any], opponents: Opponents, seat: int, options: Options
) -> Cast:
    """The cast of a single-agent view: `opponents` in the order of their seats, a single one for all of them.

    By default everybody else is `random`. Raises as `cast` does.
    """
    rules = make_game(game, **parameters)
    agents = rules.spec.agents
    if isinstance(seat, bool) or not isinstance(seat, int) or not 0 <= seat < len(agents):
        raise BadParameter(f"seat is {seat!r}; {rules.spec.name} has seats 0 to {len(agents) - 1}")
    others = [agent for agent in agents if agent != agents[seat]]
    given = ["random"] if opponents is None else [opponents] if isinstance(opponents, str | Policy) else list(opponents)
    if len(given) == 1:
        given = given * len(others)
    if len(given) != len(others):
        raise BadParameter(f"{rules.spec.name} leaves {len(others)} seats to opponents; {len(given)} were given")
    return cast(rules, {}, dict(zip(others, given, strict=True)), options)
