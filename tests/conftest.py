"""What holds for all tests: shapes and types are checked, and property tests repeat themselves in CI."""

import os

import hypothesis
import jaxtyping
import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

# A NumPy scalar will do where a Python number is asked for, and an int where a float is.
check = beartype(
    conf=BeartypeConf(
        hint_overrides=FrozenDict(
            {bool: bool | np.bool, int: int | np.integer, float: float | int | np.floating | np.integer}
        )
    )
)

# Before anything imports the packages: each function and dataclass then checks its annotations when it is called.
# JAXTYPING_DISABLE=1 switches the checks off.
jaxtyping.install_import_hook(["prospect_env", "prospect_agents"], f"sys.modules[{__name__!r}].check")

# No deadline: the first call of a function pays for imports, and machines differ.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")
