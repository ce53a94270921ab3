"""Answers that were paid for, kept on disk: a SQLite file that several processes may use at once."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from prospect_agents.language.model import Scored, Written
from prospect_agents.language.pull import cache_folder
from prospect_env.core.errors import ModelError

WAIT = 60.0  #: seconds that one process waits for another to finish writing


def usual_file() -> Path:
    """Where answers are kept unless another file is named."""
    return cache_folder() / "answers.sqlite"


class Answers:
    """Answers by prompt hash, which depends on the model's identity and on all that is asked.

    Raises `ModelError` for a file that is no such memory, or a damaged one: it is left as it is.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._do("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, model TEXT NOT NULL, answer TEXT NOT NULL)")

    def get(self, key: str) -> Scored | Written | None:
        """What was answered, if it was; it costs nothing now."""
        rows = self._do("SELECT answer FROM answers WHERE key = ?", key)
        return _read(self.file, key, rows[0][0]) if rows else None

    def put(self, key: str, model: str, answer: Scored | Written) -> None:
        """Keep an answer; the first one stays."""
        self._do("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", key, model, _text(answer))

    def _do(self, command: str, *values: str) -> list[Any]:
        # A connection each time: cheap beside a request, and safe across threads and forks.
        try:
            with self._lock, closing(sqlite3.connect(self.file, timeout=WAIT)) as connection, connection:
                return connection.execute(command, values).fetchall()
        except sqlite3.Error as error:
            raise ModelError(
                f"the memory of answers {self.file} cannot be used ({error}); remove it, or name another by cache=FILE"
            ) from error


def _text(answer: Scored | Written) -> str:
    fields = {name: value for name, value in vars(answer).items() if name not in ("logprobs", "latency")}
    if isinstance(answer, Scored):
        # -inf, for what was not seen, is no number in JSON.
        fields["logprobs"] = [None if np.isneginf(each) else float(each) for each in answer.logprobs]
    return json.dumps(fields, allow_nan=False)


def _read(file: Path, key: str, text: str) -> Scored | Written:
    try:
        fields = json.loads(text)
        free = {**fields, "tokens_cached": fields["tokens_in"], "tokens_out": 0, "latency": 0.0}
        if "logprobs" not in free:
            return Written(**free)
        found = [-np.inf if each is None else each for each in free.pop("logprobs")]
        return Scored(np.array(found, dtype=np.float64), **free)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(f"answer {key} in {file} is damaged ({error}); remove the file") from error
