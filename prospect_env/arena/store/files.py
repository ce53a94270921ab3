"""Files that appear whole or not at all: written under another name, flushed to the disk, renamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

UNFINISHED = ".unfinished"  #: how the names of files end that were being written when something went wrong


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` write a file and put it at `path` in one move, in place of what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The dot hides it from readers of the folder.
    draft = path.with_name(f".{path.name}{UNFINISHED}")
    write(draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path` in one move."""
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def sha256(path: Path) -> str:
    """The digest of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
