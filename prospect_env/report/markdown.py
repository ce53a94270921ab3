"""Markdown for generated pages: paragraphs, tables, and docstrings."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 120  #: of lines of prose


def from_docstring(docstring: str) -> str:
    """A docstring as Markdown: its tables, which Markdown does not know, are set as they stand."""
    lines: list[str] = []
    fence = ""
    for line in [*inspect.cleandoc(docstring).splitlines(), ""]:
        indent = line[: len(line) - len(line.lstrip())]
        # What is indented by four is set as it stands anyway.
        if line.lstrip().startswith("====") and not fence and len(indent) < 4:
            fence = f"{indent}```"
            lines.append(f"{fence}text")
        elif fence and not line.strip():
            lines.append(fence)
            fence = ""
        lines.append(line if fence or len(line) <= WIDTH else prose(line))
    return "\n".join(lines).strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with these headings."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])


def prose(words: str, prefix: str = "") -> str:
    """A paragraph in lines of readable length."""
    return textwrap.fill(
        words, WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False, break_on_hyphens=False
    )


def joined(*parts: str) -> str:
    """Parts one below the other; empty ones are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"
