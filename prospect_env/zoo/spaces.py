"""What views offer: the space of a choice, with or without its forecast, and the space of an observation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Space, Text

from prospect_env.core.game import GameSpec
from prospect_env.core.registry import load
from prospect_env.zoo.simplex import Simplex

ForecastForm = Literal["probabilities", "logits", "off"]
LOGITS = 10.0  #: bounds that the logit space states; any finite number is accepted


class Choice(Dict):
    """`Dict(action=Discrete(A), forecast=...)`, whose `sample(mask)` also takes the action mask alone.

    PettingZoo's tools and tests sample with `observation["action_mask"]`, an int8 array `[A]`, whatever the space.
    """

    def sample(self, mask: Any = None, probability: Any = None) -> dict[str, Any]:
        """A random legal action and a random forecast."""
        return super().sample(self._for_action(mask), self._for_action(probability))

    def _for_action(self, mask: Any) -> Any:
        return {"action": mask, "forecast": None} if isinstance(mask, np.ndarray) else mask


def action_space(spec: GameSpec, forecast: ForecastForm) -> Space[Any]:
    """`Discrete(A)` without forecasts, else a `Choice` of an action and a forecast `[L, A, N, R]`."""
    action = Discrete(len(spec.actions))
    if forecast == "off":
        return action
    if forecast == "logits":
        return Choice(action=action, forecast=Box(-LOGITS, LOGITS, spec.forecast_shape, np.float32))
    return Choice(action=action, forecast=Simplex(spec.forecast_shape))


def numbers_space(spec: GameSpec) -> Box:
    """A seat's observation as numbers, float32 `[O]` in -1..1."""
    return Box(-1.0, 1.0, (spec.observation_size,), np.float32)


def mask_space(spec: GameSpec) -> Box:
    """1 for a legal action, 0 for one that is not, int8 `[A]`."""
    return Box(0, 1, (len(spec.actions),), np.int8)


def text_space() -> Text:
    """The narration: any text of the narrator's characters up to its stated length."""
    return Text(load("prospect_env.stories.plain:LENGTH"), charset=load("prospect_env.stories.plain:CHARACTERS"))


def observation_space(spec: GameSpec, text: bool | str) -> Space[Any]:
    """What PettingZoo views show: `observation`, `action_mask` and, on request, `text`."""
    parts: dict[str, Space[Any]] = {"observation": numbers_space(spec), "action_mask": mask_space(spec)}
    return Dict(parts | ({"text": text_space()} if text else {}))
