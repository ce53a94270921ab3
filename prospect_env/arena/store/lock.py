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

NAME = ".lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold this folder, made if need be; what is held is given back when the process ends, however it ends.

    Where nothing comes of it, a folder that was made for it is removed. Raises `RunError` while somebody else holds it.
    On file systems that know no locks nothing is held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a") as held:
        try:
            if flock is not None:
                flock(held, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"{folder} is being played by another process; wait for its end, or end it") from error
        except OSError:
            pass
        try:
            yield
        finally:
            if [path.name for path in folder.iterdir()] == [NAME]:
                (folder / NAME).unlink()
                folder.rmdir()
