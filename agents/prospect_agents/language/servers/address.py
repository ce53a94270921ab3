"""Which server to ask for which model, and on what terms: `server:url=http://127.0.0.1:8000/v1,model=NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from prospect_env.core.budget import Budget
from prospect_env.core.errors import BadParameter
from prospect_env.core.make import call, parse

WAYS = ("echo", "first", "choice", "parse")


@dataclass(frozen=True)
class Address:
    """A server, the model it is asked for, and the terms. As a spec the fields are parameters of `server`.

    Attributes:
        url: where the protocol begins, usually up to and with `/v1`.
        model: the name the server knows the model by.
        alias: another name that its answers may bear.
        key_env: the environment variable that holds the key; the key itself is never recorded.
        way: how labels are scored: `auto` (probe, and take the best), or one of `WAYS`, which then is not probed.
        top: how many likeliest first tokens `way=first` asks for; where it is probed, as many as the server gives.
        samples: how many replies are drawn where probabilities are counted, 1 or more.
        parallel: how many requests are under way at once, 1 or more.
        timeout: seconds without an answer after which a request is given up, above 0.
        retries: how often a request is repeated after 429, 5xx, a time-out or a lost connection.
        backoff: seconds before the first repetition, doubled with each; what the server asks for (Retry-After) wins.
        budget_tokens: tokens, in and out, that may be spent; None is no limit.
        budget_cost: money that may be spent, in the currency of the prices.
        price_in: of a million tokens read.
        price_out: of a million tokens written.
        cache: file of recorded answers; true is the usual one, false none.
    """

    url: str
    model: str
    alias: str | None = None
    key_env: str = "OPENAI_API_KEY"
    way: str = "auto"
    top: int = 20
    samples: int = 16
    parallel: int = 8
    timeout: float = 60.0
    retries: int = 5
    backoff: float = 0.5
    budget_tokens: int | None = None
    budget_cost: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    cache: bool | str = True

    def __post_init__(self) -> None:
        parts = urlsplit(self.url) if isinstance(self.url, str) else urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadParameter(f"url is {self.url!r}; it must be like http://127.0.0.1:8000/v1")
        if parts.username or parts.password or parts.query:
            # A url is recorded; what is secret in it would be too.
            raise BadParameter("url holds a user, password or query; keys belong into the variable that key_env names")
        if not isinstance(self.model, str) or not self.model:
            raise BadParameter(f"model is {self.model!r}; it must be a name (in quotes, if it looks like a number)")
        if self.way not in ("auto", *WAYS):
            raise BadParameter(f"way is {self.way!r}; it may be auto, {', '.join(WAYS)}")
        self._check_numbers()
        self.budget()

    def _check_numbers(self) -> None:
        for name, least in (("top", 2), ("samples", 1), ("parallel", 1), ("retries", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise BadParameter(f"{name} is {value!r}; it may be {least} or more")
        for name in ("backoff", "price_in", "price_out"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise BadParameter(f"{name} is {value!r}; it may be 0 or more")
        if not self.timeout > 0:
            raise BadParameter(f"timeout is {self.timeout!r}; it must be above 0")
        if self.budget_cost is not None and (self.price_in is None or self.price_out is None):
            raise BadParameter("budget_cost needs price_in and price_out, of a million tokens each")

    def budget(self) -> Budget:
        """A budget that nothing has been spent of."""
        return Budget(f"the seat's budget at {self.model}", self.budget_tokens, self.budget_cost)

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """What these tokens cost, None where no prices are given."""
        if self.price_in is None or self.price_out is None:
            return None
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


def address(spec: str, **more: Any) -> Address:
    """The address a spec `server:url=...,model=...` gives; raises `BadParameter`.

    `more` are parameters given outside of the spec, which may be the same ones but not given twice.
    """
    name, parameters = parse(spec)
    twice = sorted(set(parameters) & set(more))
    if name != "server" or twice:
        raise BadParameter(f"cannot read {spec!r}" + (f"; {twice} are given twice" if twice else ""))
    built: Address = call("server", Address, {**parameters, **more})
    return built
