"""`transformers serve`, as its users start it, with the catalog's model; needs what pip calls transformers[serving]."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from prospect_agents.language.model import Query, Request, load_model
from prospect_agents.language.pull import model_folder
from prospect_env.core.errors import ModelError

FOLDER = model_folder("smollm2-135m")  # looked up before a test has a cache of its own


@pytest.fixture(scope="module")
def url():
    for package in ("accelerate", "fastapi", "uvicorn"):
        pytest.importorskip(package)
    if not FOLDER.is_dir():
        pytest.skip("prospect models pull smollm2-135m")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(FOLDER)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            assert process.poll() is None, "transformers serve ended"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health").close()
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


@pytest.mark.model
@pytest.mark.slow
def test_it_writes_what_the_model_writes_and_its_replies_are_counted(url):
    # It answers under the name it was asked for and a revision, which must be said to be the same.
    asked = f"server:url={url},model={FOLDER},cache=false,samples=8,timeout=120"
    with pytest.raises(ModelError, match=r"answered as .*@main"):
        load_model(asked).score([Query((), "A", (" A", " B"))])
    model = load_model(f"{asked},alias={FOLDER}@main")
    # No log-probabilities, no schemas; and it draws only when told so in its own words.
    way = "parse(samples=8,draws=generation_config)"
    assert f"text={way},chat={way}" in model.identity
    requests = [Request((), "Name a colour.", limit=8, chat=chat) for chat in (False, True)]
    here = load_model(str(FOLDER), dtype="float32")
    assert [each.text for each in model.write(requests)] == [each.text for each in here.write(requests)]
    found = model.score([Query((), "Round 1: A -> B\nRound 2: A -> B\nRound 3: A ->", (" A", " B"))])[0]
    assert 0 < found.mass <= 1
