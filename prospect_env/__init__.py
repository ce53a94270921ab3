"""prospect-env: games in which agents predict how others will react, and are scored on the actions not taken too."""

from __future__ import annotations

from prospect_env.arena.play import play
from prospect_env.core.make import make_game, make_policy

__version__ = "0.1.0"
__all__ = ["__version__", "make_game", "make_policy", "play"]
