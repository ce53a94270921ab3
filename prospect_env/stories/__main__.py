"""`python -m prospect_env.stories [GAME ...]`: which frames tell a game, and which macros they lack."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.stories.fitting import lacking, needed
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import story


def report(name: str) -> str:
    """What there is and what is missing to tell a game, with its default parameters, and how it is told."""
    game = make_game(name)
    needs = ", ".join(f"{macro}({', '.join(given)})" for macro, given in needed(game).items())
    lines = [f"{name}: needs {needs}"]
    for frame in frames(game):
        missing = lacking(game, frame)
        lines.append(f"\n{frame}: " + (f"lacks {', '.join(missing)}" if missing else story(game, frame).rules(0)))
    return "\n".join(lines)


def main(names: Sequence[str]) -> None:
    """Print the reports of these games, or of all."""
    for name in names or list(games):
        sys.stdout.write(f"{report(name)}\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
