"""PettingZoo's parallel view of any game: every live agent acts in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

from gymnasium.spaces import Space
from pettingzoo import ParallelEnv

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.policy import Policy
from prospect_env.zoo.cast import Cast, cast
from prospect_env.zoo.match import Match
from prospect_env.zoo.one_match import OneMatch
from prospect_env.zoo.options import Illegal, Options, Rows, check_limit
from prospect_env.zoo.render import check_render_mode, render_modes
from prospect_env.zoo.seeds import Seeds
from prospect_env.zoo.spaces import ForecastForm, action_space, observation_space
from prospect_env.zoo.tabulated import Tabulated


class ParallelView(OneMatch, ParallelEnv[str, dict[str, Any], Any]):
    """A game as a native `ParallelEnv`, with no wrappers around or inside. Build one with `parallel_env`.

    An observation is `{"observation": float32 [O], "action_mask": int8 [A]}`, with `"text"` on request; an agent that
    is not active may choose index 0 only, and what it sends is ignored. All agents end together.
    """

    def __init__(self, cast: Cast, max_cycles: int | None, render_mode: str | None) -> None:
        check_limit("max_cycles", max_cycles)
        check_render_mode(render_mode, cast.game)
        spec, options = cast.spec, cast.options
        self.cast, self.max_cycles, self.render_mode = cast, max_cycles, render_mode
        self.metadata = {
            "name": f"{spec.name}_v{spec.version}",
            "render_modes": render_modes(cast.game),
            "is_parallelizable": True,
        }
        self.possible_agents = list(cast.agents)
        self.agents: list[str] = []
        self.observation_spaces = {agent: observation_space(spec, options.text) for agent in cast.agents}
        self.action_spaces = {agent: action_space(spec, options.forecast) for agent in cast.agents}
        self._seats = tuple(zip(cast.agents, cast.outside, strict=True))
        self._rules, self._seeds = Tabulated(cast.game), Seeds()

    def observation_space(self, agent: str) -> Space[Any]:
        """The observation space of `agent`: the same object at each call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """The action space of `agent`: the same object at each call."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        """Start the next episode; `seed` fixes it and all that follow. `options` are ignored."""
        self._match = Match(self.cast, self._rules, *self._seeds.next(seed))
        self.agents = list(self.possible_agents)
        return self._observations(self._match), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """One joint step; `actions` holds a choice for each active agent.

        Raises `IllegalAction`, `InvalidForecast` or `BadParameter` (an active agent that sends nothing), and the match
        stands where it stood.
        """
        match = self.match
        if not self.agents:
            return {}, {}, {}, {}, {}
        active = match.node.active
        for agent, seat in self._seats:
            if active[seat]:
                if agent not in actions:
                    raise BadParameter(f"{agent} is active at step {len(match.steps)} and sends no action")
                match.choose(seat, actions[agent])
        if len(actions) > len(self._seats):
            raise UnknownName(
                "agent", str(next(name for name in actions if name not in self.possible_agents)), self.agents
            )
        gained = match.play()
        over = match.over
        cut = not over and self.max_cycles is not None and len(match.steps) >= self.max_cycles
        infos: dict[str, dict[str, Any]] = {agent: {} for agent, _ in self._seats}
        for seat in match.flagged:
            infos[self.cast.spec.agents[seat]]["illegal_action"] = True
        agents = self.agents
        if over or cut:
            self.agents = []
            if self.cast.options.metrics:
                for seat, summary in match.summaries().items():
                    infos[self.cast.spec.agents[seat]]["episode"] = summary
        rewards = {agent: gained[seat] for agent, seat in self._seats}
        return self._observations(match), rewards, dict.fromkeys(agents, over), dict.fromkeys(agents, cut), infos

    def _observations(self, match: Match) -> dict[str, dict[str, Any]]:
        if self.cast.options.text:
            return {agent: match.observation(seat) | {"text": match.text(seat)} for agent, seat in self._seats}
        return {agent: match.observation(seat) for agent, seat in self._seats}

    def fork(self) -> ParallelView:
        """An independent copy at this very point; raises `UnsuitablePolicy` if a co-player cannot be asked twice."""
        new = copy(self)
        new._match = None if self._match is None else self._match.fork()
        new._seeds, new.agents = copy(self._seeds), list(self.agents)
        new.observation_spaces, new.action_spaces = deepcopy(self.observation_spaces), deepcopy(self.action_spaces)
        return new


def parallel_env(
    game: str | Game,
    *,
    forecast: ForecastForm = "probabilities",
    illegal: Illegal = "raise",
    forecast_reward: float = 0.0,
    rows: Rows = "factual",
    co_players: Mapping[str, str | Policy] | None = None,
    max_cycles: int | None = None,
    text: bool | str = False,
    metrics: bool | Sequence[str] = True,
    render_mode: str | None = None,
    **parameters: Any,
) -> ParallelView:
    """Any game, by name or built, as a native PettingZoo `ParallelEnv`.

    `co_players={"player_1": "tit_for_tat"}` seats policies inside; they are no agents of the environment, and all rows
    of the others' forecasts about them are scored by branching. `max_cycles` truncates; `parameters` go to the game.
    The other arguments are those of `Options`. Raises `UnknownName`, `BadParameter` or `UnsuitablePolicy`.
    """
    chosen = metrics if isinstance(metrics, bool) else tuple(metrics)
    options = Options(forecast, illegal, forecast_reward, rows, text, chosen)
    return ParallelView(cast(game, parameters, co_players, options), max_cycles, render_mode)
