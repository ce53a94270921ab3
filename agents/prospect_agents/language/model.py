"""The seam between this project and language models: score labels, and write only where words are what is wanted.

A model is asked how probable each of a few labels is as the continuation of a prompt. That is one number a label
instead of sampled text, it is exact, and small models that cannot hold a conversation still answer it well. Messages,
hypotheses and stated probabilities are words, and are written; choices are never parsed out of them.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from prospect_env.core.errors import BadParameter, MissingModel, ModelError, UnknownName
from prospect_env.core.make import call


@dataclass(frozen=True)
class Query:
    """How probable is each label after this prompt?

    `context` is shared history in segments. Each segment is tokenised on its own and the token ids are concatenated,
    so appending a segment never changes the tokens before it: that is what makes a kept cache exact. `tail` is the
    question, text after the context that is not cached. With `chat` both are what a user says, in the words of the
    model's chat template, and a label is how the answer begins; otherwise the text is simply continued, and labels
    usually begin with a space.

    Raises:
        ValueError: no labels, an empty label, or the same label twice.
    """

    context: tuple[str, ...]
    tail: str
    labels: tuple[str, ...]
    chat: bool = False

    def __post_init__(self) -> None:
        if not self.labels or "" in self.labels or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels must be at least one, distinct and not empty, not {self.labels!r}")


@dataclass(frozen=True)
class Request:
    """What would you write after this prompt?

    `context`, `tail` and `chat` are as in `Query`. Writing ends with the model's own end, before the first of `stop`,
    or after `limit` tokens. `schema` is a JSON schema, as text, that what is written fits. At `temperature` 0 the
    likeliest token is taken throughout; above it tokens are drawn, and equal seeds draw equal ones.

    Raises:
        ValueError: a limit below 1, or a negative temperature.
    """

    context: tuple[str, ...]
    tail: str
    limit: int = 64
    stop: tuple[str, ...] = ()
    schema: str | None = None
    chat: bool = False
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1 or not self.temperature >= 0:
            raise ValueError(f"limit is {self.limit}, temperature {self.temperature}; 1 and 0 are the least")


@dataclass(frozen=True, eq=False)
class Scored:
    """The answer to one `Query` and what it cost.

    Attributes:
        logprobs: log P(label | context + tail) in nats, shape [K], float64, over *all* text, so not normalised.
        tokens_in: tokens of context and tail.
        tokens_cached: how many of those were not computed for this query, because an earlier one had done so.
        tokens_out: tokens of the labels that were scored.
        latency: seconds, this query's share of the call.
        dropped: tokens of the context that were left out because the model holds no more.
    """

    logprobs: np.ndarray
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    latency: float
    dropped: int = 0

    @property
    def mass(self) -> float:
        """Probability that the model would say one of the labels at all, 0..1: low mass means a bad prompt."""
        return float(np.exp(self.logprobs).sum())

    @property
    def probs(self) -> np.ndarray:
        """Probabilities among the labels, shape [K], summing to 1."""
        odds = np.exp(self.logprobs - self.logprobs.max())
        return odds / odds.sum()


@dataclass(frozen=True)
class Written:
    """The answer to one `Request` and what it cost, as in `Scored`; `finished` is False where the limit ended it."""

    text: str
    finished: bool
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    latency: float
    dropped: int = 0


@runtime_checkable
class LanguageModel(Protocol):
    """Anything that scores labels.

    `identity` names everything that changes the answers: name, weight hash, dtype, interventions. Two models with equal
    identities may share recorded answers. `full_support` says that no label ever gets probability 0, so that whatever
    the rules allow will come up in a forecast; a model that does not say so is asked only what is sure to be needed.
    """

    @property
    def identity(self) -> str: ...

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        """Answers in the order of the queries."""
        ...


@runtime_checkable
class Writer(LanguageModel, Protocol):
    """A language model that can also write."""

    def write(self, requests: Sequence[Request]) -> list[Written]:
        """Texts in the order of the requests."""
        ...


_loaded: dict[tuple[str, str], LanguageModel] = {}


def load_model(name: str, **options: Any) -> LanguageModel:
    """The model of this name, loaded once per process for equal name and options.

    Args:
        name: "fake", a name from the catalog ("smollm2-135m"), a folder that transformers can load, a hub id
            ("org/model"), or a server as a spec string ("server:url=http://127.0.0.1:8000/v1,model=name"; its
            parameters are the fields of `servers.address.Address`).
        options: passed on to the backend, for instance `dtype="float32"`.

    Raises:
        MissingModel: the name is in the catalog, but the model is not on this machine.
        UnknownName: the name is none of these.
        ModelError: the folder or hub id cannot be loaded, or the server cannot be used.
        BadParameter: a parameter of a server is unknown or out of its range.
    """
    if not isinstance(name, str):
        raise BadParameter(f"a model is a name, a folder, a hub id or a server, not {name!r}")
    key = (name, repr(sorted(options.items())))
    if key not in _loaded:
        _loaded[key] = _load(name, options)
    return _loaded[key]


def _load(name: str, options: dict[str, Any]) -> LanguageModel:
    from prospect_agents.language.catalog import CATALOG
    from prospect_agents.language.pull import model_folder

    if name == "fake":
        from prospect_agents.language.fake import FakeModel

        fake: LanguageModel = call("model 'fake'", FakeModel, options)
        return fake
    if name.startswith("server:") or name == "server":
        from prospect_agents.language.servers.address import address
        from prospect_agents.language.servers.server_model import ServerModel

        return ServerModel(address(name, **options))
    if name in CATALOG:
        folder = model_folder(name)
        if not folder.is_dir():
            raise MissingModel(f"{name} is not on this machine; get it with: prospect models pull {name}")
        return _transformers(str(folder), {"name": name, **options})
    if Path(name).is_dir():
        return _transformers(name, {"name": Path(name).resolve().name, **options})
    if name.startswith((".", "/", "~")):
        raise ModelError(f"no such model folder: {name}")
    if "/" in name:
        return _transformers(name, options)
    raise UnknownName("language model", name, ["fake", *CATALOG])


def _transformers(source: str, options: dict[str, Any]) -> LanguageModel:
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise ModelError(f"{source} needs {package}; install it with: pip install 'prospect-env[llm]'")
    from prospect_agents.language.transformers_model import TransformersModel

    loaded: LanguageModel = call(
        f"model {options.get('name', source)!r}", TransformersModel, {"source": source, **options}
    )
    return loaded
