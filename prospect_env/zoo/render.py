"""What `render` shows: the narration, in words."""

from __future__ import annotations

from prospect_env.core.errors import BadParameter
from prospect_env.zoo.match import Match

RENDER_MODES = ["human", "ansi"]  #: printed, or returned


def check_render_mode(mode: str | None) -> None:
    """Raise `BadParameter` unless `mode` is None or one of `RENDER_MODES`."""
    if mode is not None and mode not in RENDER_MODES:
        raise BadParameter(f"render_mode is {mode!r}; it may be None, {', '.join(map(repr, RENDER_MODES))}")


def rendered(match: Match, mode: str | None) -> str | None:
    """The narration for each outside seat, printed if `mode` is `human`; None without a mode."""
    if mode is None:
        return None
    words = "\n\n".join(match.text(seat) for seat in match.cast.outside)
    if mode == "human":
        print(words)
        return None
    return words
