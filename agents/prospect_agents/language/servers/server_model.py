"""`ServerModel`: a language model behind a server, asked in the best way the server is good for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from prospect_agents.language.memo import prompt_hash
from prospect_agents.language.model import Query, Request, Scored, Written
from prospect_agents.language.servers.address import Address
from prospect_agents.language.servers.answers import Answers, usual_file
from prospect_agents.language.servers.endpoint import Endpoint
from prospect_agents.language.servers.forms import Form, fits, parsed
from prospect_agents.language.servers.probe import DRAWS, Ability, declared, probe, working_form
from prospect_agents.language.servers.sampling import choice, parse
from prospect_agents.language.servers.scoring import echo, first, text_of
from prospect_env.core.errors import ModelError

_Asked = TypeVar("_Asked", Query, Request)


class ServerModel:
    """A model behind an OpenAI-compatible server.

    It is probed when it is made, unless the address names a way. How it is asked, for continued text and in a chat,
    is part of `identity`, so answers got in different ways are never taken for one another. Costs are those that the
    server reports, 0 where it reports none.

    Attributes:
        identity: model, server, and how labels are scored there.
        abilities: how labels are scored, for continued text (False) and in a chat (True); None where that is not had.

    Raises:
        ModelError: the server cannot be reached, answers as another model or in a malformed way, or has neither
            endpoint.
    """

    def __init__(self, address: Address) -> None:
        self.endpoint = Endpoint(address)
        find = probe if address.way == "auto" else declared
        self.abilities: dict[bool, Ability | None] = {chat: find(self.endpoint, chat) for chat in (False, True)}
        if not any(self.abilities.values()):
            raise ModelError(f"{address.url} has no model {address.model!r} that answers by way={address.way}")
        text, talk = (str(self.abilities[chat] or "none") for chat in (False, True))
        self.identity = f"server-1(model={address.model},url={address.url},text={text},chat={talk})"
        file = usual_file() if address.cache is True else Path(str(address.cache)).expanduser()
        self._answers = None if address.cache is False else Answers(file)
        self._forms: dict[bool, Form | None] = {}
        self._lock = threading.Lock()

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """Answers in the order of the queries, several asked at once; those got before an error are kept on disk."""
        return self._each(queries, self._score)

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """Texts in the order of the requests; raises `ModelError` where the server does not keep to a schema."""
        return self._each(requests, self._write)

    def _each(self, asked: Sequence[_Asked], ask: Callable[[_Asked], Any]) -> list[Any]:
        return self.endpoint.each(partial(self._known_or, ask), asked)

    def _known_or(self, ask: Callable[[_Asked], Any], asked: _Asked) -> Any:
        if self._answers is None:
            with self.endpoint.question():
                return ask(asked)
        key = prompt_hash(self.identity, asked)
        known = self._answers.get(key)
        if known is not None:
            return known
        with self.endpoint.question():
            said = ask(asked)
        self._answers.put(key, self.identity, said)
        return said

    def _score(self, query: Query) -> Scored:
        ability = self._ability(query.chat)
        if ability.way == "echo":
            return echo(self.endpoint, query)
        if ability.way == "first":
            return first(self.endpoint, query, ability.top)
        drawing = self._drawing(ability)
        if ability.form is not None:
            return choice(self.endpoint, query, ability.form, drawing)
        return parse(self.endpoint, query, drawing)

    def _drawing(self, ability: Ability) -> dict[str, Any]:
        """The fields by which this server draws; one that shows probabilities is taken to draw by them."""
        if ability.samples and not ability.draws:
            raise ModelError(
                f"{self.identity} gives the same reply whatever the seed, so its replies say nothing of probabilities; "
                "start the server with sampling on"
            )
        return DRAWS[ability.draws or "temperature"]

    def _ability(self, chat: bool) -> Ability:
        ability = self.abilities[chat]
        if ability is None:
            here, other = ("chat", "completion") if chat else ("completion", "chat")
            raise ModelError(f"{self.identity} cannot be asked in style={here}; try style={other}, or another way=")
        return ability

    def _write(self, request: Request) -> Written:
        ability = self._ability(request.chat)
        fields: dict[str, Any] = {"max_tokens": request.limit, "temperature": request.temperature, "seed": request.seed}
        if request.temperature > 0:
            fields |= self._drawing(ability)
        if request.stop:
            fields["stop"] = list(request.stop)
        if request.schema is not None:
            fields |= self._form(request.chat).fields(parsed(request.schema))
        ask = self.endpoint.chat if request.chat else self.endpoint.complete
        reply = ask(text_of(request), fields)
        text, finished = reply.choices[0].text, reply.choices[0].finished
        # Servers that ignore `stop` write on.
        ends = [place for stop in request.stop if (place := text.find(stop)) >= 0]
        text, finished = (text[: min(ends)], True) if ends else (text, finished)
        if request.schema is not None and finished and not fits(text, request.schema):
            raise ModelError(f"{reply.where} did not keep to the schema {request.schema}; it wrote {text[:80]!r}")
        cached = min(reply.tokens_cached, reply.tokens_in)
        return Written(text, finished, reply.tokens_in, cached, reply.tokens_out, reply.latency)

    def _form(self, chat: bool) -> Form:
        """How the server is held to a schema, probed when it is first needed."""
        with self._lock:
            if chat not in self._forms:
                ability = self.abilities[chat]
                known = ability.form if ability is not None else None
                self._forms[chat] = known or working_form(self.endpoint, chat)
        form = self._forms[chat]
        if form is None:
            raise ModelError(f"{self.identity} was seen to ignore every way of asking for a JSON schema")
        return form
