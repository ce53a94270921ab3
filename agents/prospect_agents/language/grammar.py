"""Which tokens may come next so that what is written fits a JSON schema, and is complete in time.

The schema becomes a regular expression and that an automaton over tokens (outlines-core). Beside it stands how many
tokens each state is from a complete text, so that writing is steered home before its limit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from prospect_env.core.errors import ModelError

_FAR = np.iinfo(np.int64).max // 2


class Grammar:
    """An automaton over the tokens of a vocabulary.

    What a regular expression cannot say (`minimum`, `maximum`, `uniqueItems` and the like) is not enforced, and
    properties come in the order of the schema.

    Args:
        schema: a JSON schema, as text.
        spellings: bytes by token id; tokens that spell nothing are never allowed.

    Raises:
        ModelError: no regular expression can be made of the schema, or no text of these tokens fits it.
    """

    def __init__(self, schema: str, spellings: Mapping[int, bytes]) -> None:
        try:
            from outlines_core import Index, Vocabulary
            from outlines_core.json_schema import build_regex_from_schema
        except ModuleNotFoundError as error:
            raise ModelError("writing under a schema needs outlines_core; pip install 'prospect-env[llm]'") from error
        tokens: dict[bytes, list[int]] = {}
        for token, spelt in spellings.items():
            if spelt:
                tokens.setdefault(spelt, []).append(token)
        # The engine wants an end of its own; ours is that nothing need follow.
        end = max(spellings) + 1
        try:
            index = Index(build_regex_from_schema(schema), Vocabulary(end, tokens))
        except (ValueError, TypeError) as error:
            raise ModelError(f"schema {schema} cannot be enforced: {error}") from error
        self.start: int = index.get_initial_state()
        self._final: set[int] = set(index.get_final_states())
        self._steps: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        for state, leads in index.get_transitions().items():
            to = {token: after for token, after in leads.items() if token != end}
            order = sorted(to)
            self._steps[state] = np.array(order, dtype=np.int64), np.array([to[t] for t in order], dtype=np.int64)
        distance = self._distances()
        self._shortest = distance[self.start]
        self._distance = {state: _looked_up(distance, after) for state, (_, after) in self._steps.items()}

    def complete(self, state: int) -> bool:
        """Whether what leads to the state fits the schema as it stands."""
        return state in self._final

    def shortest(self) -> int:
        """Tokens of the shortest text that fits."""
        return self._shortest

    def allowed(self, state: int, left: int) -> NDArray[np.int64]:
        """Tokens after which the text can be complete within `left` tokens, that one included; ascending."""
        if state not in self._steps:
            return np.empty(0, dtype=np.int64)
        return self._steps[state][0][self._distance[state] < left]

    def after(self, state: int, token: int) -> int:
        """The state that an allowed token leads to."""
        tokens, after = self._steps[state]
        return int(after[np.searchsorted(tokens, token)])

    def _distances(self) -> dict[int, int]:
        """Tokens from each state to the nearest complete text, breadth first from the complete ones."""
        before: dict[int, set[int]] = {}
        for state, (_, after) in self._steps.items():
            for each in np.unique(after).tolist():
                before.setdefault(each, set()).add(state)
        distance, ring = dict.fromkeys(self._final, 0), set(self._final)
        while ring:
            ring = {each for state in ring for each in before.get(state, ())} - distance.keys()
            distance |= dict.fromkeys(ring, 1 + max(distance.values()))
        return distance


def _looked_up(distance: Mapping[int, int], states: NDArray[np.int64]) -> NDArray[np.int64]:
    known, place = np.unique(states, return_inverse=True)
    return np.array([distance.get(state, _FAR) for state in known.tolist()], dtype=np.int64)[place]
