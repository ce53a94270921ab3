"""Servers for tests: processes of their own on a free port of this machine, ended with the test that started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from prospect_agents.language.model import load_model
from prospect_agents.language.servers.server_model import ServerModel


class Served(NamedTuple):
    """A running server: what `load_model` and spec strings call it."""

    url: str

    def spec(self, **more: object) -> str:
        given = {"url": self.url, "model": "small", "backoff": 0.001, "timeout": 30, **more}
        return "server:" + ",".join(
            f"{key}={str(value).lower() if value is False else value}" for key, value in given.items()
        )

    def model(self, **more: object) -> ServerModel:
        found = load_model(self.spec(**{"cache": False, **more}))
        assert isinstance(found, ServerModel)
        assert found.identity  # it is probed
        return found

    @property
    def asked(self) -> int:
        """How many questions reached it."""
        with urllib.request.urlopen(self.url.replace("/v1", "/count")) as reply:  # noqa: S310 - this machine
            return int(json.load(reply)["asked"])


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Served]]:
    """`serve(mode, model="fake")` starts a server, or gives the one that runs already."""
    running: dict[tuple[str, str, int], tuple[Served, subprocess.Popen[str]]] = {}

    def start(mode: str, model: object = "fake", number: int = 0) -> Served:
        key = (mode, str(model), number)
        if key not in running:
            running[key] = started(mode, model)
        return running[key][0]

    yield start
    for _, process in running.values():
        end(process)


@pytest.fixture
def mortal() -> Iterator[tuple[Served, Callable[[], None]]]:
    """A server that keeps to schemas, and what ends it for good."""
    served, process = started("schemas", "fake")
    yield served, lambda: end(process)
    end(process)


def started(mode: str, model: object) -> tuple[Served, subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(model), mode]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port, f"{command} did not start"
    return Served(f"http://127.0.0.1:{port}/v1"), process


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
        process.communicate()
