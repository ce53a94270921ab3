"""Parameters of games, checked and put into their plain form: whole numbers as int, amounts as float."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from prospect_env.core.errors import BadParameter


def whole(game: Any, **least: int) -> None:
    """Make these fields of `game` plain whole numbers; raises `BadParameter` for other values and smaller ones."""
    for name, low in least.items():
        value = getattr(game, name)
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
            raise BadParameter(f"{name} is {value!r}; it must be a whole number, {low} or more")
        object.__setattr__(game, name, int(value))


def amounts(game: Any, *names: str) -> None:
    """Make these fields of `game` plain finite numbers; raises `BadParameter` for other values."""
    for name in names:
        object.__setattr__(game, name, amount(name, getattr(game, name)))


def amount(name: str, value: Any) -> float:
    """`value` as a plain finite number; raises `BadParameter`, in which it is called `name`, for anything else."""
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool) or not isfinite(value):
        raise BadParameter(f"{name} is {value!r}; it must be a number")
    return float(value)
