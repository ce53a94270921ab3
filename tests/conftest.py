"""What holds for all tests: shapes and types are checked, and property tests repeat themselves in CI."""

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import jaxtyping
import numpy as np
import pytest
from beartype import BeartypeConf, FrozenDict, beartype

CHECKED = 30  #: calls of each function that a test checks; checking all of them makes the tests several times slower

calls: Counter[Callable[..., Any]] = Counter()
jaxtyped = jaxtyping.jaxtyped

# A NumPy scalar will do where a Python number is asked for, and an int where a float is.
check = beartype(
    conf=BeartypeConf(
        hint_overrides=FrozenDict(
            {bool: bool | np.bool, int: int | np.integer, float: float | int | np.floating | np.integer}
        )
    )
)


def first_calls(plain: Callable[..., Any], checked: Callable[..., Any]) -> Callable[..., Any]:
    """`checked` for the first calls in a test, `plain` for those after them."""

    @functools.wraps(plain)
    def either(*args: Any, **kwargs: Any) -> Any:
        calls[plain] += 1
        return (checked if calls[plain] <= CHECKED else plain)(*args, **kwargs)

    return either


def checking(*, typechecker: Any) -> Callable[[Any], Any]:
    """What `jaxtyping.jaxtyped` does, for the first calls of functions and for the first values of dataclasses."""

    def decorate(thing: Any) -> Any:
        if "<locals>" in thing.__qualname__:  # its checks would be compiled anew whenever the outer function is called
            return thing
        if not isinstance(thing, type):
            return first_calls(thing, jaxtyped(thing, typechecker=typechecker))
        plain = thing.__init__
        jaxtyped(thing, typechecker=typechecker)
        if thing.__init__ is not plain:
            thing.__init__ = first_calls(plain, thing.__init__)
        return thing

    return decorate


# Before anything imports the packages: each function and dataclass then checks its annotations when it is called.
# JAXTYPING_DISABLE=1 switches the checks off.
jaxtyping.jaxtyped = checking
jaxtyping.install_import_hook(["prospect_env", "prospect_agents"], f"sys.modules[{__name__!r}].check")

# No deadline: the first call of a function pays for imports, and machines differ.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_runtest_setup() -> None:
    calls.clear()


@pytest.fixture
def untyped() -> Iterator[None]:
    """Without checks of annotations, as users run: what is wrong is then for the code itself to find."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)
