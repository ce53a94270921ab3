"""What `render` shows: the narration, in words."""

from __future__ import annotations

from typing import TypeVar

from prospect_env.core.errors import BadParameter
from prospect_env.zoo.match import Match

RENDER_MODES = ["human", "ansi"]  #: printed, or returned

Words = TypeVar("Words", str, tuple[str, ...])


def check_render_mode(mode: str | None) -> None:
    """Raise `BadParameter` unless `mode` is None or one of `RENDER_MODES`."""
    if mode is not None and mode not in RENDER_MODES:
        raise BadParameter(f"render_mode is {mode!r}; it may be None, {', '.join(map(repr, RENDER_MODES))}")


def shown(words: Words, mode: str | None) -> Words | None:
    """`words` in mode `ansi`; in mode `human` they are printed."""
    if mode == "human":
        print(words if isinstance(words, str) else "\n\n".join(words))  # noqa: T201 - what the mode is for
    return words if mode == "ansi" else None


def rendered(match: Match, mode: str | None) -> str | None:
    """The narration for each outside seat, printed or returned; None without a mode."""
    return None if mode is None else shown("\n\n".join(match.text(seat) for seat in match.cast.outside), mode)
