"""What every view of a single match can do, whichever framework it speaks to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from prospect_env.core.episodes import Episodes
from prospect_env.core.errors import BadParameter
from prospect_env.zoo.cast import Cast
from prospect_env.zoo.match import Match
from prospect_env.zoo.render import rendered


class OneMatch:
    """A view of one match at a time; views set `cast` and `render_mode` when they are made, `_match` at each reset."""

    cast: Cast
    render_mode: str | None
    _match: Match | None = None

    @property
    def match(self) -> Match:
        """The match in play; raises `BadParameter` before the first `reset`."""
        if self._match is None:
            raise BadParameter("the environment has not been reset; call reset() first")
        return self._match

    @property
    def illegal_actions(self) -> dict[str, int]:
        """How many actions of each agent were replaced in this episode."""
        return {self.cast.spec.agents[seat]: self.match.illegal[seat] for seat in self.cast.outside}

    def episodes(self) -> Episodes:
        """What was played so far in this episode, as the arena would have recorded it."""
        return self.match.episodes()

    def state(self) -> NDArray[np.float32]:
        """All seats' observations, one after the other, float32 `[N * O]`."""
        return np.concatenate(self.match.node.observations)

    def render(self) -> Any:
        """The picture and the narration for each outside seat: returned in mode `ansi`, printed in mode `human`.

        In mode `rgb_array` the picture as pixels, uint8 `[H, W, 3]`.
        """
        return rendered(self.match, self.render_mode)

    def close(self) -> None:
        """Nothing is held open."""
