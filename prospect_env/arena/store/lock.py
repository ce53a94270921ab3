"""`alone`: one process at a time plays into a run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prospect_env.core.errors import RunError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # a system without such locks, where nothing is held
    flock = None  # type: ignore[assignment]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the run in this folder; what is held is given back when the process ends, however it ends.

    Raises `RunError` while somebody else holds it.
    """
    with (folder / "config.yaml").open() as held:
        if flock is not None:
            try:
                flock(held, LOCK_EX | LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"{folder} is being played by another process; wait for its end, or end it") from error
        yield
