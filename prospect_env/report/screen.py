"""The terminal: tables and progress for people, one JSON document for programs, and never both on one stream."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from rich.console import Console
from rich.table import Table

from prospect_env.report.document import document


def show(value: Any, as_json: bool, *tables: Table, lines: Sequence[str] = ()) -> None:
    """Print `value` as the one JSON document, or else the tables and lines that say the same."""
    if as_json:
        sys.stdout.write(document(value) + "\n")
        return
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160)
    for table in tables:
        console.print(table)
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def rows_table(rows: Sequence[Mapping[str, Any]], title: str = "", caption: str = "") -> Table:
    """A table of rows that share their keys; what is None stays empty."""
    table = Table(title=title or None, caption=caption or None, title_justify="left", caption_justify="left")
    names = list(dict.fromkeys(key for row in rows for key in row))
    for name in names:
        table.add_column(name.replace("_", " "), no_wrap=name == "name", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # What is shown are words, not rich's markup, which lists such as [0, 1] could be taken for.
    return str(value).replace("[", "\\[")


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Send what libraries and policies print to standard error, so that standard output has the answer alone."""
    with redirect_stdout(sys.stderr):
        yield


@contextmanager
def progress(what: str, off: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; yields what to tell (done, all). Nothing is drawn where nobody looks."""
    if off or not sys.stderr.isatty():
        yield _unseen
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _unseen(done: int, total: int) -> None:
    pass


def complain(message: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"prospect: {' '.join(message.split())}\n")


def note(message: str) -> None:
    """A remark on standard error, for people who watch."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()
