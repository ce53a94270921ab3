"""What a server is good for, found by asking: servers ignore fields they do not know, and say nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from prospect_agents.language.model import Query
from prospect_agents.language.servers.endpoint import Endpoint, Refused
from prospect_agents.language.servers.forms import FORMS, Form, choice_schema, chosen
from prospect_agents.language.servers.scoring import echo, one_token
from prospect_env.core.errors import ModelError

#: how many likeliest tokens are asked for: llama.cpp gives any number, most servers 20, old ones 5
TOPS = (1000, 20, 5)

#: fields by which a server may be made to draw: the protocol's own, and those `transformers serve` needs as well
DRAWS: dict[str, dict[str, Any]] = {
    "temperature": {"top_p": 1.0},
    "generation_config": {"top_p": 1.0, "generation_config": json.dumps({"do_sample": True, "top_k": 0})},
}

_QUESTION = "Say hello.\n"
_NONSENSE = ("zyxzyx", "wvuwvu")  # nothing that a model says unless it is made to


@dataclass(frozen=True)
class Ability:
    """How labels are scored at one endpoint.

    Attributes:
        way: one of `address.WAYS`.
        top: how many likeliest tokens are seen, for `first`.
        form: how it is held to a choice, for `choice`.
        samples: how many replies are counted, for `choice` and `parse`.
        draws: a key of `DRAWS`; empty for a server that gives the same reply whatever the seed, whose replies therefore
            say nothing of probabilities.
    """

    way: str
    top: int = 0
    form: Form | None = None
    samples: int = 0
    draws: str = ""

    def __str__(self) -> str:
        """As identities and manifests have it."""
        about = [f"top={self.top}"] if self.top else []
        about += [f"form={self.form.name}"] if self.form else []
        about += [f"samples={self.samples},draws={self.draws or 'none'}"] if self.samples else []
        return f"{self.way}({','.join(about)})" if about else self.way


def probe(endpoint: Endpoint, chat: bool) -> Ability | None:
    """The best way at one endpoint, None if the server does not have it.

    Raises `ModelError` where the server cannot be reached, answers in a malformed way, or as another model.
    """
    endpoint.require()
    if not _exists(endpoint, chat):
        return None
    if not chat and _echoes(endpoint):
        return Ability("echo")
    top = _tops(endpoint, chat)
    if top:
        return Ability("first", top=top)
    form = working_form(endpoint, chat)
    return _counting(endpoint, chat, "parse" if form is None else "choice", form)


def declared(endpoint: Endpoint, chat: bool) -> Ability | None:
    """The way that the address names, taken on trust; None for continued text's own way in a chat."""
    endpoint.require()
    way = endpoint.address.way
    if way == "echo":
        return None if chat else Ability("echo")
    if way == "first":
        return Ability("first", top=endpoint.address.top)
    if way == "parse":
        return _counting(endpoint, chat, way, None) if _exists(endpoint, chat) else None
    form = working_form(endpoint, chat)
    return None if form is None else _counting(endpoint, chat, way, form)


def _counting(endpoint: Endpoint, chat: bool, way: str, form: Form | None) -> Ability:
    return Ability(way, form=form, samples=endpoint.address.samples, draws=_draws(endpoint, chat))


def _draws(endpoint: Endpoint, chat: bool) -> str:
    """By which fields replies come to differ with the seed, empty if by none."""
    for name, fields in DRAWS.items():
        texts = set()
        for seed in range(4):
            given = {**fields, "max_tokens": 24, "temperature": 1.0, "seed": seed}
            words = "Write ten random words.\n"
            try:
                reply = endpoint.chat(words, given) if chat else endpoint.complete(words, given)
            except Refused:
                break
            texts.add(reply.choices[0].text)
        if len(texts) > 1:
            return name
    return ""


def working_form(endpoint: Endpoint, chat: bool) -> Form | None:
    """The first form by which the server was seen to keep to a schema, None if by none."""
    for form in FORMS:
        fields = {**form.fields(choice_schema(_NONSENSE)), "max_tokens": 64, "temperature": 0.0}
        try:
            reply = endpoint.chat(_QUESTION, fields) if chat else endpoint.complete(_QUESTION, fields)
        except Refused:
            continue
        if chosen(reply.choices[0].text) in _NONSENSE:
            return form
    return None


def _exists(endpoint: Endpoint, chat: bool) -> bool:
    fields = {"max_tokens": 1, "temperature": 0.0}
    try:
        endpoint.chat(_QUESTION, fields) if chat else endpoint.complete(_QUESTION, fields)
    except Refused as error:
        if error.status in (401, 403):
            raise
        return False
    return True


def _echoes(endpoint: Endpoint) -> bool:
    try:
        found = echo(endpoint, Query((), "One, two,", (" three", " four and")))
    except ModelError:
        # Refused, or without log-probabilities, or with those of the answer alone.
        return False
    return bool(np.isfinite(found.logprobs).all() and len(set(found.logprobs)) == 2)


def _tops(endpoint: Endpoint, chat: bool) -> int:
    for top in TOPS:
        try:
            tops = one_token(endpoint, Query((), _QUESTION, ("Hello",), chat=chat), top).choices[0].tops
        except Refused:
            continue
        # Servers cut the number down in silence; with one token alone nothing can be compared.
        return min(len(tops[0]), top) if tops and len(tops[0]) > 1 else 0
    return 0
