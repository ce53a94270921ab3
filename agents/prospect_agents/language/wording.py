"""What players are called, in whichever words a match is told."""

from __future__ import annotations

from prospect_agents.language.formats import Telling
from prospect_agents.language.story_format import Told
from prospect_agents.language.symbols import they


def called(telling: Telling, seat: int) -> str:
    """What a text calls another seat than the one that is told it: `they`, `player 3`, or a name of its story."""
    return str(telling.narrator.story.names[seat]) if isinstance(telling, Told) else they(telling, seat)
