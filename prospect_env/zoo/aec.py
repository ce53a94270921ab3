"""PettingZoo's AEC view of any game: the agents that choose in a step are asked one after the other, in seat order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from typing import Any

from gymnasium.spaces import Space
from pettingzoo import AECEnv
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

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


class TurnView(OneMatch, AECEnv[str, dict[str, Any], Any]):
    """A game as a native `AECEnv`. Build one with `raw_env`, or with `env` for PettingZoo's order checks around it.

    Only agents that choose in a step are asked in it; the joint step is taken, and rewards fall due, when the last of
    them has chosen. Nobody sees what others chose before that.
    """

    def __init__(self, cast: Cast, max_cycles: int | None, render_mode: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
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
        self.observation_spaces = {agent: observation_space(spec, options.text) for agent in cast.agents}
        self.action_spaces = {agent: action_space(spec, options.forecast) for agent in cast.agents}
        self._seat = dict(zip(cast.agents, cast.outside, strict=True))
        self._rules, self._seeds = Tabulated(cast.game), Seeds()
        self._orders: dict[tuple[bool, ...], tuple[str, ...]] = {}
        self._order: tuple[str, ...] = ()
        self._turn = 0
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> Space[Any]:
        """The observation space of `agent`: the same object at each call."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """The action space of `agent`: the same object at each call."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start the next episode; `seed` fixes it and all that follow. `options` are ignored."""
        self._match = Match(self.cast, self._rules, *self._seeds.next(seed))
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self._skip_agent_selection: str | None = None  # type: ignore[assignment]
        self._paid = False
        self._next_turn()

    def step(self, action: Any) -> None:
        """What the selected agent chooses; raises `IllegalAction` or `InvalidForecast`, and it is still its turn."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self.match.choose(self._seat[agent], action)
        self._cumulative_rewards[agent] = 0.0
        if self._paid:
            self.rewards, self._paid = dict.fromkeys(self.agents, 0.0), False
        self._turn += 1
        if self._turn < len(self._order):
            self.agent_selection = self._order[self._turn]
        else:
            self._play()
            self._next_turn()

    def _play(self) -> None:
        """Take the joint step; what falls due is added to what is not collected yet."""
        match, agents = self.match, self.agents
        gained = match.play()
        self._paid = True
        infos: dict[str, dict[str, Any]] = {agent: {} for agent in agents}
        self.infos = infos
        for seat in match.flagged:
            infos[self.cast.spec.agents[seat]]["illegal_action"] = True
        for agent, seat in self._seat.items():
            self.rewards[agent] += gained[seat]
            self._cumulative_rewards[agent] += gained[seat]
        over = match.over
        cut = not over and self.max_cycles is not None and len(match.steps) >= self.max_cycles
        if over or cut:
            self.terminations, self.truncations = dict.fromkeys(agents, over), dict.fromkeys(agents, cut)
            if self.cast.options.metrics:
                for seat, summary in match.summaries().items():
                    infos[self.cast.spec.agents[seat]]["episode"] = summary

    def _next_turn(self) -> None:
        """Select whoever chooses next; steps in which only co-players inside choose are played at once."""
        first = self.agents[0]
        while not (self.terminations[first] or self.truncations[first]):
            self._order, self._turn = self._ordered(self.match.node.active), 0
            if self._order:
                self.agent_selection = self._order[0]
                return
            self._play()
        self.agent_selection = first

    def _ordered(self, active: tuple[bool, ...]) -> tuple[str, ...]:
        """The agents that choose, in seat order."""
        order = self._orders.get(active)
        if order is None:
            order = self._orders[active] = tuple(agent for agent, seat in self._seat.items() if active[seat])
        return order

    def observe(self, agent: str) -> dict[str, Any]:
        """What `agent` sees now: `observation`, `action_mask` and, on request, `text`."""
        match, seat = self.match, self._seat[agent]
        return match.observation(seat) | ({"text": match.text(seat)} if self.cast.options.text else {})

    def fork(self) -> TurnView:
        """An independent copy at this very point; raises `UnsuitablePolicy` if a co-player cannot be asked twice."""
        new = copy(self)
        new.observation_spaces, new.action_spaces = deepcopy(self.observation_spaces), deepcopy(self.action_spaces)
        new._seeds = copy(self._seeds)
        if self._match is not None:
            new._match = self._match.fork()
            new.agents = list(self.agents)
            new.infos = {agent: dict(info) for agent, info in self.infos.items()}
            for name in ("rewards", "_cumulative_rewards", "terminations", "truncations"):
                setattr(new, name, dict(getattr(self, name)))
        return new


class Ordered(OrderEnforcingWrapper[str, dict[str, Any], Any]):
    """PettingZoo's order checks, which survive a fork."""

    def fork(self) -> Ordered:
        """An independent copy of the whole at this very point."""
        inner: Any = self.env
        new = Ordered(inner.fork())
        new._has_reset, new._has_updated = self._has_reset, self._has_updated
        return new


def raw_env(
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
) -> TurnView:
    """Any game, by name or built, as a native PettingZoo `AECEnv`; arguments as of `parallel_env`."""
    chosen = metrics if isinstance(metrics, bool) else tuple(metrics)
    options = Options(forecast, illegal, forecast_reward, rows, text, chosen)
    return TurnView(cast(game, parameters, co_players, options), max_cycles, render_mode)


def env(game: str | Game, **arguments: Any) -> Ordered:
    """`raw_env` with PettingZoo's standard wrappers: what is called out of order says so.

    The bounds check is left out: the view itself raises `IllegalAction`, also for actions within bounds that are
    illegal, and `illegal="first_legal"` could not be asked for with the check around it.
    """
    return Ordered(raw_env(game, **arguments))
