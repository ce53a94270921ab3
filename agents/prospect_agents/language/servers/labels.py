"""Labels as a server's tokens and replies show them, and letters for labels that begin alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from string import ascii_uppercase, punctuation

import numpy as np
from numpy.typing import NDArray

from prospect_agents.language.model import Query
from prospect_env.core.errors import ModelError


def lettered(query: Query) -> Query:
    """The same question with labels that differ in their first character.

    One token is all that is seen of an answer, and which one depends on a tokeniser that is not here. Labels that
    differ in their first character are told apart by any token; others are asked for by letters, with a legend after
    the question. Raises `ModelError` where there are more than 26.
    """
    heads = {label.lstrip()[:1] for label in query.labels}
    if len(heads) == len(query.labels) and "" not in heads:
        return query
    if len(query.labels) > len(ascii_uppercase):
        raise ModelError(
            f"{len(query.labels)} labels begin alike, and there are letters for {len(ascii_uppercase)} only"
        )
    letters = ascii_uppercase[: len(query.labels)]
    legend = ", ".join(f"{letter} = {label.strip()}" for letter, label in zip(letters, query.labels, strict=True))
    blank = "" if query.chat else " "
    tail = f"{query.tail}\n(Answer with a letter: {legend})\nAnswer:"
    return replace(query, tail=tail, labels=tuple(blank + letter for letter in letters))


def first_token_logprobs(labels: Sequence[str], tops: Sequence[tuple[str, float]]) -> NDArray[np.float64]:
    """Log-probability that the answer begins as each label does, shape [K]; -inf where that was not seen.

    A token counts for the one label that begins with it, leading blanks aside, whatever the model would write next; one
    that several labels begin with counts for none and is missing from the sum. So does a token that holds more than a
    label (`A.` or `"A`): it is another token than the label's own, as it is where labels are scored whole, and which
    labels a tokeniser joins with punctuation is its own affair.
    """
    bare = [label.strip() for label in labels]
    seen: list[list[float]] = [[] for _ in labels]
    for token, logprob in tops:
        start = spelt(token).lstrip()
        fits = [k for k, label in enumerate(bare) if start and label.startswith(start)]
        if len(fits) == 1:
            seen[fits[0]].append(logprob)
    return np.array([np.logaddexp.reduce(values) if values else -np.inf for values in seen])


def suffix_logprob(label: str, tokens: Sequence[tuple[str, float | None]]) -> tuple[float, int] | None:
    """Log-probability of the label at the end of these tokens and how many tokens it has.

    None if the tokens do not end in it, or do not begin anew where it does, or have no probabilities there. Blanks are
    left aside in the comparison, as some servers show them and some do not.
    """
    wanted = "".join(label.split())
    shown, count, total = "", 0, 0.0
    for token, logprob in reversed(tokens):
        piece = spelt(token)
        if shown == wanted:
            # A blank of its own belongs to the label if the label begins with one that no token has shown yet.
            begins = label[:1].isspace() and piece.isspace() and not spelt(tokens[len(tokens) - count][0])[:1].isspace()
            if not begins or logprob is None:
                return total, count
            return total + logprob, count + 1
        shown = "".join(piece.split()) + shown
        if logprob is None or not wanted.endswith(shown):
            return None
        count, total = count + 1, total + logprob
    return (total, count) if shown == wanted and count else None


def spelt(token: str) -> str:
    """A token as text: some servers show a blank as tokenisers write it."""
    return token.replace("\u2581", " ").replace("\u0120", " ").replace("\u010a", "\n")


def said(labels: Sequence[str], reply: str) -> int | None:
    """Which label a reply is, None if it is none: case, blanks and punctuation around it aside, all of it must match.

    Nothing is searched for inside a reply: "I will not cooperate" is not `cooperate`.
    """
    fold = [label.strip().strip(punctuation).casefold() for label in labels]
    plain = reply.strip().strip(punctuation + " \n\t").casefold()
    exact = [k for k, label in enumerate(labels) if label.strip() == reply.strip()]
    fits = exact or [k for k, label in enumerate(fold) if label == plain and label]
    return fits[0] if len(fits) == 1 else None
