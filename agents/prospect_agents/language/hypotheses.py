"""Guesses in words at how somebody chooses, and what evidence makes them worth.

Source: Cross, Xiang, Bhatia, Yamins and Haber 2025, "Hypothetical Minds", and its code (learning rate .3, 1 for a
correct guess, a worth above .7 is good, the best five are looked at; a new one begins at 0). A wrong guess counts -1
there and the best guess alone is acted on; here it counts 0, so that worth lies in 0..1, and answers are mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

RATE = 0.3  #: how far worth moves towards the newest outcome
GOOD = 0.7  #: worth from which a guess is relied on
KEPT = 5  #: guesses kept about one seat


@dataclass(frozen=True)
class Hypothesis:
    """A guess about one seat: its words, its worth in 0..1, and how often it was right of how often it was tested."""

    text: str
    worth: float = 0.0
    right: int = 0
    tested: int = 0

    def after(self, correct: bool, rate: float = RATE) -> Hypothesis:
        """Rescorla and Wagner 1972: worth moves by `rate` times what it was wrong about the outcome (1 or 0)."""
        worth = self.worth + rate * (float(correct) - self.worth)
        return replace(self, worth=worth, right=self.right + correct, tested=self.tested + 1)


Held = tuple[Hypothesis, ...]  #: what is held about one seat, the oldest first


def joined(held: Held, new: Hypothesis, most: int = KEPT) -> Held:
    """The new guess and the `most - 1` of the others that are worth most (ties: the newer); words kept are not new."""
    if any(old.text == new.text for old in held):
        return held
    ranked = sorted(range(len(held)), key=lambda i: (-held[i].worth, -i))
    stays = sorted(ranked[: most - 1])
    return (*(held[i] for i in stays), new)


def relied_on(held: Held, good: float = GOOD) -> list[tuple[Hypothesis | None, float]]:
    """What is believed and with what weight, weights summing to 1; None stands for the plain answer, without a guess.

    Guesses worth `good` or more are believed in proportion to their worth, and nothing else is. While there are none,
    all that have been right lately are, and the plain answer with a weight of `good` beside their worth: no guess that
    has not earned reliance outweighs it.
    """
    proven = [guess for guess in held if guess.worth >= good]
    parts: list[tuple[Hypothesis | None, float]] = [(guess, guess.worth) for guess in proven or held if guess.worth > 0]
    if not proven:
        parts = [(None, good), *parts]
    total = sum(weight for _, weight in parts)
    return [(guess, weight / total) for guess, weight in parts]


def supposed(who: str, text: str) -> str:
    """The line that is written before a question."""
    return f"(The rule behind what {who} chose: {text})\n"


def asking(who: str, held: Sequence[Hypothesis], chat: bool) -> str:
    """What asks for a guess, after the history; earlier ones and how they fared are there to be improved on."""
    rule = f"rule behind what {who} chose"
    earlier = "".join(f'"{old.text}" (right {old.right} of {old.tested})\n' for old in held)
    known = f"Guesses at the {rule} so far:\n{earlier}" if held else ""
    if chat:
        return f"{known}What is {'a better guess at ' if held else ''}the {rule}? Answer in one sentence."
    return f'{known}{"A better guess at the" if held else "The"} {rule}, in one sentence: "'
