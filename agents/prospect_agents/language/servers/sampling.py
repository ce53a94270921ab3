"""Label probabilities by counting replies: `choice`, where a server keeps to labels, and `parse`, where it may not.

`drawing` are the fields by which the server draws its replies (`probe.DRAWS`). A share of `samples` replies has a
standard error of up to .5 / sqrt(samples): .125 with 16. Some servers draw from their likeliest tokens alone unless
started otherwise (llama.cpp: the first 40, and of those what holds .95).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prospect_agents.language.model import Query, Scored
from prospect_agents.language.servers.endpoint import Endpoint
from prospect_agents.language.servers.forms import Form, choice_schema, chosen
from prospect_agents.language.servers.labels import said
from prospect_agents.language.servers.reply import Reply
from prospect_agents.language.servers.scoring import scored, text_of
from prospect_env.core.errors import ModelError

ROOM = 16  #: tokens a reply may have beside those of its label, for the punctuation of JSON


def choice(endpoint: Endpoint, query: Query, form: Form, drawing: dict) -> Scored:
    """Shares of the labels among replies that the server holds to them: what it says is always one, so mass is 1."""
    schema = choice_schema([label.strip() for label in query.labels])
    return _counted(
        endpoint, query, {**drawing, **form.fields(schema)}, lambda text: said(query.labels, chosen(text) or "")
    )


def parse(endpoint: Endpoint, query: Query, drawing: dict) -> Scored:
    """Shares of the labels among free replies; one that is no label, whole, counts as missing from `mass`.

    Of a text that is continued, the first line is the reply.
    """
    fields = drawing if query.chat else {**drawing, "stop": ["\n"]}

    def read(text: str) -> int | None:
        # Servers that ignore `stop` write on.
        return said(query.labels, text if query.chat else text.lstrip(" ").partition("\n")[0])

    return _counted(endpoint, query, fields, read)


def _counted(endpoint: Endpoint, query: Query, fields: dict, read: Callable[[str], int | None]) -> Scored:
    """log(count / samples) of each label; raises `ModelError` if no reply is any of them."""
    samples = endpoint.address.samples
    limit = ROOM + max(len(label.encode()) for label in query.labels)
    counts, replies, texts = np.zeros(len(query.labels)), [], []
    for seed in range(samples):
        reply = _reply(endpoint, query, {**fields, "max_tokens": limit, "temperature": 1.0, "seed": seed})
        which = read(reply.choices[0].text)
        replies.append(reply)
        texts.append(reply.choices[0].text)
        if which is not None:
            counts[which] += 1
    if not counts.any():
        raise ModelError(
            f"{replies[0].where}: none of {samples} replies is one of the labels {query.labels}; the first is "
            f"{texts[0][:80]!r}"
        )
    with np.errstate(divide="ignore"):
        return scored(np.log(counts / samples), *replies)


def _reply(endpoint: Endpoint, query: Query, fields: dict) -> Reply:
    words = text_of(query)
    return endpoint.chat(words, fields) if query.chat else endpoint.complete(words, fields)
