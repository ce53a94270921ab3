"""What holds for all tests: shapes and types are checked, and property tests repeat themselves in CI."""

import os

import hypothesis
import jaxtyping

# Before anything imports the packages: each function and dataclass then checks its annotations when it is called.
# As in mypy, an int will do where a float is asked for. JAXTYPING_DISABLE=1 switches the checks off.
jaxtyping.install_import_hook(
    ["prospect_env", "prospect_agents"],
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)

# No deadline: the first call of a function pays for imports, and machines differ.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")
