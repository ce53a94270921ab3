"""What a model's chat template writes around the words of a user, found once, so that the words stay cacheable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError

from prospect_env.core.errors import ModelError

_WORDS = "the-words-of-the-user"


class Around(NamedTuple):
    """The text before and after a user's words, and whether the template takes blanks off their ends."""

    before: str
    after: str
    strips: bool

    def words(self, texts: Sequence[str]) -> list[str]:
        """The parts of a user's words as the template would leave them."""
        left = list(texts)
        if self.strips:
            for places, strip in ((range(len(left)), str.lstrip), (reversed(range(len(left))), str.rstrip)):
                for place in places:
                    left[place] = strip(left[place])
                    if left[place]:
                        break
        return left


def around(tokenizer: Any, name: str) -> Around:
    """What the tokenizer's template writes around one turn of a user, up to where the answer begins.

    Raises:
        ModelError: there is no template, or it does not render, or it does not say what the user says.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            f"{name} has no chat template; use style=completion, or a model made for conversation "
            "(its tokenizer has a chat_template)"
        )
    turn = [{"role": "user", "content": f" {_WORDS} "}]
    try:
        said = str(tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True))
    except (TemplateError, ValueError) as error:
        raise ModelError(f"the chat template of {name} does not render: {error}") from error
    strips = f" {_WORDS} " not in said
    pieces = said.split(_WORDS if strips else f" {_WORDS} ")
    if len(pieces) != 2:
        raise ModelError(
            f"the chat template of {name} says a user's words {len(pieces) - 1} times; it must say them once"
        )
    return Around(pieces[0], pieces[1], strips)
