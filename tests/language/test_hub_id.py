"""A hub id is looked up in the local cache of the hub, in a process that may not go anywhere else."""

import json
import os
import subprocess
import sys

import numpy as np

from prospect_agents.language.model import Query, load_model

CODE = """
import json
from prospect_agents.language.model import Query, load_model
model = load_model("somebody/tiny", dtype="float32")
found = model.score([Query((), "A B A ", ("A", "B"))])[0]
print(json.dumps([model.identity, found.logprobs.tolist()]))
"""


def test_a_hub_id_loads_from_the_local_cache(tiny, tmp_path):
    repository = tmp_path / "models--somebody--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "snapshots").mkdir()
    (repository / "snapshots" / "local").symlink_to(tiny)
    (repository / "refs" / "main").write_text("local")
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=True, timeout=120
    )
    identity, logprobs = json.loads(done.stdout.splitlines()[-1])
    model = load_model(str(tiny), dtype="float32")
    direct = model.score([Query((), "A B A ", ("A", "B"))])[0]
    np.testing.assert_allclose(logprobs, direct.logprobs, atol=1e-5)
    # A cache laid out by hand has no commit; the weights themselves are the identity.
    assert identity.partition("@")[2] == model.identity.partition("@")[2]
    assert "unknown" not in identity
