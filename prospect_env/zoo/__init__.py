"""Views of any game, written once for all: PettingZoo AEC and Parallel, Gymnasium single-agent and vectorised."""

from __future__ import annotations

from prospect_env.zoo.aec import env, raw_env
from prospect_env.zoo.parallel import parallel_env
from prospect_env.zoo.single import gym_env
from prospect_env.zoo.vector import vector_env

__all__ = ["env", "gym_env", "parallel_env", "raw_env", "vector_env"]
