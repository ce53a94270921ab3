"""A finished run, to look at and to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prospect_env.arena.run import run
from tests.arena.small_run import config


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "finished"
    run(config(), folder)
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"
