"""Write texts side by side: every step is one question, "what comes next?", asked of all unfinished texts at once.

The steps go through the same rows and cached contexts as scoring does: requests about one context share it, and what
one of them has written forks from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from prospect_agents.language.grammar import Grammar
from prospect_agents.language.model import Request
from prospect_agents.language.network import Network
from prospect_agents.language.rows import Encoded, Row
from prospect_env.core.errors import ModelError


@dataclass(eq=False)
class Draft:
    """A text while it is being written: `prompt` is everything so far, `said` the bytes of what was written."""

    request: Request
    prompt: Encoded
    grammar: Grammar | None
    said: bytes = b""
    text: str = ""
    count: int = 0
    finished: bool = False
    state: int = 0
    uniforms: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        # Numbers of the seed and the place in the text alone, so that the company a text is written in is no part of
        # its luck.
        generator = np.random.Generator(np.random.Philox(key=self.request.seed % 2**128))
        self.uniforms = generator.random(self.request.limit)
        if self.grammar is not None:
            self.state = self.grammar.start
            if self.grammar.shortest() > self.request.limit:
                raise ModelError(
                    f"limit is {self.request.limit} tokens; the shortest text that fits the schema takes "
                    f"{self.grammar.shortest()}"
                )

    @property
    def over(self) -> bool:
        return self.finished or self.count == self.request.limit

    def extend(self, scores: NDArray[np.float32], spellings: Mapping[int, bytes], ends: NDArray[np.int64]) -> None:
        """Take the next token, given the scores [vocabulary] of all; `ends` are those that end a text."""
        if self.grammar is None:
            token = choose(scores, self.request.temperature, self.uniforms[self.count])
        else:
            allowed = self.grammar.allowed(self.state, self.request.limit - self.count)
            if self.grammar.complete(self.state):
                allowed = np.concatenate([allowed, ends])
            token = int(allowed[choose(scores[allowed], self.request.temperature, self.uniforms[self.count])])
        self.count += 1
        if token in ends:
            self.finished = True
            return
        self.prompt = self.prompt.further(token)
        self.said += spellings.get(token, b"")
        self.text = self.said.decode(errors="ignore")
        found = [place for stop in self.request.stop if (place := self.text.find(stop)) >= 0]
        if found:
            self.text, self.finished = self.text[: min(found)], True
        elif self.grammar is not None:
            self.state = self.grammar.after(self.state, token)
            more = len(ends) > 0 and len(self.grammar.allowed(self.state, self.request.limit)) > 0
            left = self.request.limit - self.count
            self.finished = self.grammar.complete(self.state) and not (more and left)


def choose(scores: NDArray[np.float32], temperature: float, uniform: float) -> int:
    """The place of the best score at temperature 0; else a draw from softmax(scores / temperature) by its inverse.

    Probabilities that differ a little move the borders between places a little, and a draw seldom.
    """
    if temperature == 0:
        return int(np.argmax(scores))
    reach = np.cumsum(np.exp((scores - scores.max()).astype(np.float64) / temperature))
    return min(int(np.searchsorted(reach, uniform * reach[-1], side="right")), len(scores) - 1)


def write(
    network: Network,
    drafts: Sequence[Draft],
    answer: Callable[[list[Encoded], list[int]], Iterator[tuple[list[Row], torch.Tensor]]],
    spellings: Mapping[int, bytes],
    ends: NDArray[np.int64],
) -> list[int]:
    """Write all drafts to their ends and return how many tokens of each prompt had to be computed.

    `answer` computes rows that hold the given prompts, as `scoring.together` does.
    """
    fresh = [0] * len(drafts)
    counted = fresh
    live = list(drafts)
    while live:
        for rows, hidden in answer([draft.prompt for draft in live], counted):
            ending: dict[tuple[int, int], list[Draft]] = {}
            for i, row in enumerate(rows):
                for index, node in row.ends.items():
                    ending.setdefault((i, node), []).append(live[index])
            for places, logits in network.logits(hidden, sorted(ending)):
                for place, scores in zip(places, logits.cpu().numpy(), strict=True):
                    for draft in ending[place]:
                        draft.extend(scores, spellings, ends)
        live = [draft for draft in live if not draft.over]
        counted = [0] * len(live)
    return fresh
