"""Gymnasium's view of any game: one seat acts, the others are played inside."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Dict
from numpy.typing import NDArray

from prospect_env.core.game import Game
from prospect_env.zoo.cast import Cast, Opponents, opposite
from prospect_env.zoo.match import Match
from prospect_env.zoo.one_match import OneMatch
from prospect_env.zoo.options import Illegal, Options, Rows, check_limit
from prospect_env.zoo.render import check_render_mode, render_modes
from prospect_env.zoo.seeds import Seeds
from prospect_env.zoo.spaces import ForecastForm, action_space, numbers_space, text_space
from prospect_env.zoo.tabulated import Tabulated


class SeatView(OneMatch, gymnasium.Env[Any, Any]):
    """A game as a `gymnasium.Env` for one seat. Build one with `gym_env` or `gymnasium.make`.

    Single-agent tools want plain arrays: the observation is float32 `[O]` (a dict with `text` on request), and what may
    be chosen is `info["action_mask"]`, int8 `[A]`. Where the seat does not choose, index 0 alone is legal and ignored.

    `gymnasium.make` puts wrappers around it, which hide what Gymnasium does not know: write `made.unwrapped.fork()`,
    and likewise `episodes()` and `action_masks()`.
    """

    def __init__(self, cast: Cast, max_cycles: int | None = None, render_mode: str | None = None) -> None:
        check_limit("max_cycles", max_cycles)
        check_render_mode(render_mode, cast.game)
        self.cast, self.max_cycles, self.render_mode = cast, max_cycles, render_mode
        self.metadata = {"render_modes": render_modes(cast.game), "render_fps": 1}
        numbers = numbers_space(cast.spec)
        self.observation_space = Dict({"observation": numbers, "text": text_space()}) if cast.options.text else numbers
        self.action_space = action_space(cast.spec, cast.options.forecast)
        self._seat = cast.outside[0]
        self._rules, self._seeds = Tabulated(cast.game), Seeds()
        self._ended = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start the next episode; `seed` fixes it and all that follow. `options` are ignored."""
        super().reset(seed=seed)
        self._match = Match(self.cast, self._rules, *self._seeds.next(seed))
        self._ended = False
        return self._observation(self._match), self._info(self._match)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One joint step; raises `IllegalAction` or `InvalidForecast`, and the match stands where it stood."""
        match = self.match
        if self._ended:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset() first")
        if match.node.active[self._seat]:
            match.choose(self._seat, action)
        gained = match.play()
        over = match.over
        cut = not over and self.max_cycles is not None and len(match.steps) >= self.max_cycles
        info = self._info(match)
        if match.flagged:
            info["illegal_action"] = True
        if over or cut:
            self._ended = True
            if self.cast.options.metrics:
                info["episode"] = match.summaries()[self._seat]
        return self._observation(match), gained[self._seat], over, cut, info

    def _observation(self, match: Match) -> Any:
        numbers = match.node.observations[self._seat].copy()
        return {"observation": numbers, "text": match.text(self._seat)} if self.cast.options.text else numbers

    def _info(self, match: Match) -> dict[str, Any]:
        return {"action_mask": match.node.masks[self._seat].copy()}

    def action_masks(self) -> NDArray[np.bool_]:
        """What may be chosen, Bool `[A]`, where sb3-contrib's masked learners look for it."""
        return self.match.node.masks[self._seat].astype(bool)

    def fork(self) -> SeatView:
        """An independent copy at this very point; raises `UnsuitablePolicy` if a co-player cannot be asked twice."""
        new = copy(self)
        new._match = None if self._match is None else self._match.fork()
        new._seeds, new._np_random = copy(self._seeds), deepcopy(self._np_random)
        new.observation_space, new.action_space = deepcopy(self.observation_space), deepcopy(self.action_space)
        return new


def gym_env(
    game: str | Game,
    *,
    opponents: Opponents = None,
    seat: int = 0,
    forecast: ForecastForm = "off",
    illegal: Illegal = "raise",
    forecast_reward: float = 0.0,
    rows: Rows = "factual",
    max_cycles: int | None = None,
    text: bool | str = False,
    metrics: bool | Sequence[str] = True,
    render_mode: str | None = None,
    **parameters: Any,
) -> SeatView:
    """Any game, by name or built, as a Gymnasium environment in which `seat` acts.

    `opponents` are policies or their spec strings for the other seats in order, one for all of them, or by default
    `random`. With a forecast, every row about them is scored by branching. `parameters` go to the game; the other
    arguments are those of `Options`. Of an environment made by `gymnasium.make` instead, fork the inside:
    `made.unwrapped.fork()`. Raises `UnknownName`, `BadParameter` or `UnsuitablePolicy`.
    """
    chosen = metrics if isinstance(metrics, bool) else tuple(metrics)
    options = Options(forecast, illegal, forecast_reward, rows, text, chosen)
    return SeatView(opposite(game, parameters, opponents, seat, options), max_cycles, render_mode)
