"""`ServerModel`: a language model behind a server, asked in the best way the server is good for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
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

    It is probed when it is first needed, unless the address names a way. How it is asked, for continued text and in a
    chat, is part of `identity`, so answers got in different ways are never taken for one another. Where all answers are
    recorded it is not needed at all (`recognise`). Costs are those that the server reports, 0 where it reports none.

    `identity` and all that asks raise `ModelError` where the server cannot be reached, answers as another model or in a
    malformed way, or has neither endpoint.
    """

    def __init__(self, address: Address) -> None:
        self.endpoint = Endpoint(address)
        self._found: dict[bool, Ability | None] | None = None
        self._recorded: str | None = None
        file = usual_file() if address.cache is True else Path(str(address.cache)).expanduser()
        self._answers = None if address.cache is False else Answers(file)
        self._forms: dict[bool, Form | None] = {}
        self._lock = threading.RLock()

    @property
    def identity(self) -> str:
        """Model, server, and how labels are scored there."""
        return self._recorded or self._named(self.abilities)

    @property
    def full_support(self) -> bool:
        """Whether labels are scored exactly; other ways give those that were not seen probability 0.

        A server that has not been probed yet, and need not be in a replay, is not probed for this.
        """
        return self._found is not None and all(each.way == "echo" for each in self._found.values() if each)

    @property
    def abilities(self) -> dict[bool, Ability | None]:
        """How labels are scored, for continued text (False) and in a chat (True); None where that is not had."""
        with self._lock:
            if self._found is None:
                self._found = self._probed()
            return self._found

    def recognise(self, identities: Iterable[str]) -> None:
        """Go by the identity under which this server's answers were recorded, so that they can be had without it.

        Nothing changes where it has been probed already, or was recorded under several. A question that is not recorded
        is asked only if the server is still asked as it was then, and raises `ModelError` if not.
        """
        address = self.endpoint.address
        here = f"server-1(model={address.model},url={address.url},text="
        ours = {identity for identity in identities if identity.startswith(here)}
        if self._found is None and len(ours) == 1:
            self._recorded = ours.pop()

    def _probed(self) -> dict[bool, Ability | None]:
        address = self.endpoint.address
        find = probe if address.way == "auto" else declared
        found = {chat: find(self.endpoint, chat) for chat in (False, True)}
        if not any(found.values()):
            said = f"; it said last: {self.endpoint.refusal}" if self.endpoint.refusal else ""
            raise ModelError(f"{address.url} has no model {address.model!r} that answers by way={address.way}{said}")
        now, then, self._recorded = self._named(found), self._recorded, None
        if then not in (None, now):
            raise ModelError(f"answers were recorded of {then}, which is {now} now; what is missing would differ")
        return found

    def _named(self, abilities: dict[bool, Ability | None]) -> str:
        address = self.endpoint.address
        text, talk = (str(abilities[chat] or "none") for chat in (False, True))
        return f"server-1(model={address.model},url={address.url},text={text},chat={talk})"

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """Answers in the order of the queries, several asked at once; those got before an error are kept on disk."""
        return self._each(queries, self._score)

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """Texts in the order of the requests; raises `ModelError` where the server does not keep to a schema."""
        return self._each(requests, self._write)

    def _each(self, asked: Sequence[_Asked], ask: Callable[[_Asked], Any]) -> list[Any]:
        known = [self._known(each) for each in asked]
        missing = [each for each, said in zip(asked, known, strict=True) if said is None]
        if missing:
            # Probed here, if at all: of many threads each would try in vain to reach a server that is down.
            assert self.abilities
        new = iter(self.endpoint.each(partial(self._new, ask), missing))
        return [next(new) if said is None else said for said in known]

    def _known(self, asked: Query | Request) -> Scored | Written | None:
        return None if self._answers is None else self._answers.get(prompt_hash(self.identity, asked))

    def _new(self, ask: Callable[[_Asked], Any], asked: _Asked) -> Any:
        with self.endpoint.question():
            said = ask(asked)
        if self._answers is not None:
            self._answers.put(prompt_hash(self.identity, asked), self.identity, said)
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
