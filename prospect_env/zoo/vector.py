"""Gymnasium's vector view of any game: many matches in one call, with all three autoreset modes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Dict
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.zoo.batch import Batch, Tally
from prospect_env.zoo.cast import Cast, Opponents, opposite
from prospect_env.zoo.options import Illegal, Options, Rows, check_limit
from prospect_env.zoo.render import check_render_mode, render_modes, rendered_batch
from prospect_env.zoo.seeds import Seeds, entropy
from prospect_env.zoo.spaces import ForecastForm, action_space, numbers_space, text_space
from prospect_env.zoo.summary import Summary, metrics


class VectorView(VectorEnv[Any, Any, NDArray[Any]]):
    """`num_envs` matches of a game, one seat acting in each. Build one with `vector_env` or `gymnasium.make_vec`.

    Every match is bit for bit what the single environment with the same seed gives. `infos["episode"]` holds an array a
    metric for the matches that ended (nan elsewhere), each with its mask `_name`, and `infos["_episode"]` says which
    ended.

    Opponents that are language models are the exception: they turn the symbols that stand for actions by the number of
    the match, and numbers count all matches of a vector environment. So their symbols, and with them their answers,
    differ from those in a single environment with the same seed.
    """

    def __init__(
        self, cast: Cast, num_envs: int, autoreset_mode: AutoresetMode, max_cycles: int | None, render_mode: str | None
    ) -> None:
        check_limit("max_cycles", max_cycles)
        check_limit("num_envs", num_envs)
        check_render_mode(render_mode, cast.game)
        self.cast, self.num_envs, self.max_cycles, self.render_mode = cast, num_envs, max_cycles, render_mode
        self.metadata = {"render_modes": render_modes(cast.game), "autoreset_mode": autoreset_mode}
        self._mode = autoreset_mode
        numbers = numbers_space(cast.spec)
        self.single_observation_space = (
            Dict({"observation": numbers, "text": text_space()}) if cast.options.text else numbers
        )
        self.single_action_space = action_space(cast.spec, cast.options.forecast)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._batch = Batch(cast, num_envs)
        self._seeds = [Seeds() for _ in range(num_envs)]
        self._done = np.ones(num_envs, dtype=bool)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start the next episode everywhere, or where `options["reset_mask"]` (Bool `[B]`) is True.

        `seed` gives environment `i` the seed `seed + i`; a list gives each its own.
        """
        super().reset(seed=seed if isinstance(seed, int) else None)
        where = self._where(options)
        seeds: list[int | None]
        if seed is None:
            unseeded = self._seeds[0].base is None
            first = entropy() if unseeded else 0
            seeds = [first + i if unseeded else None for i in range(self.num_envs)]
        else:
            seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int | np.integer) else list(seed)
        if len(seeds) != self.num_envs:
            raise BadParameter(f"seed is a list of {len(seeds)}; there are {self.num_envs} environments")
        self._begin(np.flatnonzero(where), seeds)
        return self._observations(), self._masks()

    def _where(self, options: dict[str, Any] | None) -> Bool[np.ndarray, " B"]:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=bool)
        if not isinstance(mask, np.ndarray) or mask.shape != (self.num_envs,) or mask.dtype != bool or not mask.any():
            raise BadParameter(f"reset_mask is {mask!r}; it must be {self.num_envs} booleans, one at least True")
        if self._batch.at is None and not mask.all():
            raise BadParameter("reset_mask leaves out environments that were never reset")
        return mask

    def _begin(self, rows: Int[np.ndarray, " K"], seeds: Sequence[int | None]) -> None:
        drawn = [self._seeds[row].next(seeds[row]) for row in rows.tolist()]
        # Numbers that no other match of this environment has: policies keep records by them.
        numbers = np.array([number for _, number in drawn]) * self.num_envs + rows
        self._batch.begin(rows, np.concatenate([seed for seed, _ in drawn]), numbers)
        self._done[rows] = False

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step everywhere; in mode `NEXT_STEP` matches that ended begin anew instead, whatever is sent for them.

        Raises `IllegalAction` or `InvalidForecast` naming agent, match and step, and all matches stand where they
        stood.
        """
        batch, waiting = self._batch, self._done
        if batch.at is None:
            raise BadParameter("the environment has not been reset; call reset() first")
        if self._mode is AutoresetMode.DISABLED and waiting.any():
            raise gymnasium.error.ResetNeeded(f"matches {np.flatnonzero(waiting).tolist()} are over; reset them first")
        playing = ~waiting
        if playing.any():
            rewards = batch.play(actions, playing)
        else:
            rewards, batch.flagged = np.zeros(self.num_envs), np.zeros(self.num_envs, dtype=bool)
        terminated = batch.position.over & playing
        truncated = playing & ~terminated
        truncated &= self.max_cycles is not None and batch.lengths >= self.max_cycles
        ended = np.flatnonzero(terminated | truncated)
        summary = self._summary(batch.tally(ended)) if len(ended) and self.cast.options.metrics else None
        if waiting.any():
            self._begin(np.flatnonzero(waiting), [None] * self.num_envs)
        self._done = terminated | truncated
        infos, flagged = {}, batch.flagged
        if len(ended) and self._mode is AutoresetMode.SAME_STEP:
            infos, flagged = self._final(ended, summary), flagged & ~self._done
            self._begin(ended, [None] * self.num_envs)
        infos |= self._masks()
        if flagged.any():
            infos |= {"illegal_action": flagged.copy(), "_illegal_action": flagged.copy()}
        if summary is not None:
            infos |= {"episode": summary, "_episode": terminated | truncated}
        return self._observations(), rewards, terminated, truncated, infos

    def _final(self, ended: Int[np.ndarray, " K"], summary: Summary | None) -> dict[str, Any]:
        """What mode `SAME_STEP` says of matches that are begun anew at once."""
        seen, over = self._observations(), self._done.copy()
        last = np.full(self.num_envs, None, dtype=object)
        for row in ended.tolist():
            last[row] = {key: part[row] for key, part in seen.items()} if self.cast.options.text else seen[row]
        info = self._masks()
        info["_action_mask"] = over.copy()
        flagged = self._batch.flagged & over
        if flagged.any():
            info |= {"illegal_action": flagged.copy(), "_illegal_action": flagged.copy()}
        if summary is not None:
            info |= {"episode": summary, "_episode": over.copy()}
        return {"final_obs": last, "_final_obs": over.copy(), "final_info": info, "_final_info": over.copy()}

    def _summary(self, ended: Tally) -> Summary:
        cast, size = self.cast, self.num_envs

        def make() -> dict[str, Any]:
            over = np.zeros(size, dtype=bool)
            over[ended.rows] = True
            found: dict[str, Any] = {}
            for name, values in (("r", ended.returns), ("l", ended.lengths), ("illegal_actions", ended.illegal)):
                array = np.zeros(size, dtype=values.dtype)
                array[ended.rows] = values
                found |= {name: array, f"_{name}": over.copy()}
            episodes, rows = ended.episodes(cast)
            for row, seats in zip(rows.tolist(), metrics(episodes, cast.options.metrics), strict=True):
                for name, value in seats[cast.outside[0]].items():
                    if name not in found:
                        found |= {name: np.full(size, np.nan), f"_{name}": np.zeros(size, dtype=bool)}
                    found[name][row], found[f"_{name}"][row] = value, True
            return found

        return Summary(make)

    def _observations(self) -> Any:
        at, seat = self._batch.position, self._batch.seat
        numbers = np.array(self.cast.game.observe(at.state)[:, seat], dtype=np.float32)
        if not self.cast.options.text:
            return numbers
        return {"observation": numbers, "text": tuple(self._batch.text(row) for row in range(self.num_envs))}

    def _masks(self) -> dict[str, Any]:
        legal = self.cast.game.legal(self._batch.position.state)[:, self._batch.seat]
        return {"action_mask": legal.astype(np.int8), "_action_mask": np.ones(self.num_envs, dtype=bool)}

    def fork(self) -> VectorView:
        """An independent copy at this very point; raises `UnsuitablePolicy` if a co-player cannot be asked twice."""
        new = copy(self)
        new._batch, new._done = self._batch.fork(), self._done.copy()
        new._seeds = [copy(seeds) for seeds in self._seeds]
        new.action_space, new.observation_space = deepcopy(self.action_space), deepcopy(self.observation_space)
        return new

    def episodes(self) -> Episodes:
        """What was played so far in the episode of each environment, in their order, as the arena would record it."""
        if self._batch.at is None:
            raise BadParameter("the environment has not been reset; call reset() first")
        played, rows = self._batch.tally(np.arange(self.num_envs)).episodes(self.cast)
        return played.select(np.argsort(rows))

    def render(self) -> Any:
        """Each match: a tuple of texts in mode `ansi`, of pixels in mode `rgb_array`; printed in mode `human`."""
        return rendered_batch(self._batch, self.render_mode)


def vector_env(
    game: str | Game,
    num_envs: int = 1,
    *,
    opponents: Opponents = None,
    seat: int = 0,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    forecast: ForecastForm = "off",
    illegal: Illegal = "raise",
    forecast_reward: float = 0.0,
    rows: Rows = "factual",
    max_cycles: int | None = None,
    max_episode_steps: int | None = None,
    text: bool | str = False,
    metrics: bool | Sequence[str] = True,
    render_mode: str | None = None,
    **parameters: Any,
) -> VectorView:
    """Any game as a natively vectorised Gymnasium environment; arguments as of `gym_env`.

    `autoreset_mode` is one of Gymnasium's three; `max_episode_steps`, which `make_vec` passes on, is another word for
    `max_cycles`.
    """
    chosen = metrics if isinstance(metrics, bool) else tuple(metrics)
    options = Options(forecast, illegal, forecast_reward, rows, text, chosen)
    try:
        mode = AutoresetMode(autoreset_mode)
    except ValueError:
        names = ", ".join(repr(each.value) for each in AutoresetMode)
        raise BadParameter(f"autoreset_mode is {autoreset_mode!r}; it may be {names}") from None
    limits = [limit for limit in (max_cycles, max_episode_steps) if limit is not None]
    return VectorView(
        opposite(game, parameters, opponents, seat, options), num_envs, mode, min(limits, default=None), render_mode
    )
