"""A language model as a predictor: label probabilities after a telling of the match, for every seat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from prospect_agents.language.asked import Asked, Moment, Past
from prospect_agents.language.expecting import Expecting
from prospect_agents.language.formats import PromptFormat, Telling, prompt_format
from prospect_agents.language.interventions import intervened, named
from prospect_agents.language.log import Log
from prospect_agents.language.memo import Answer, MemoModel
from prospect_agents.language.model import LanguageModel, Query, load_model
from prospect_agents.language.questions import Row, about_now, rolled, stated_rows, stepwise, tensor
from prospect_agents.language.summary import counted
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.policy import Call, Event, Predictor, Table, View
from prospect_env.core.replay import record
from prospect_env.core.unfold import roll_forward

STYLES = ("completion", "chat")
ROWS = ("rolled", "asked")


class Setting(NamedTuple):
    """A match as it is told before a question: all that happened, and the text of it, kept apart from what is new."""

    telling: Telling
    past: Past
    context: tuple[str, ...]
    rest: str


class LanguagePredictor(Predictor):
    """Asks a model how each seat will act; also answers for policies that ask it what to do themselves.

    `format` is a prompt format (`prospect_agents.language.formats`), by name or as a spec. `style` is `completion` (the
    telling is continued) or `chat` (it is what a user says). `memory` is what is told of the past: `full`, or the
    number of last steps, or `counts`: the last step, and how often each last action was answered by what. `rows` is how
    the tensor comes about: `rolled` forward from what is said of single steps, or `asked` row by row; by default rolled
    where a step has few joint choices. `preamble` is written before everything else; `file:PATH` names a file of it.

    Answers are remembered by prompt, so that the same question is asked once however often it comes up in branches and
    paired runs. `intervention` is done to the network while it answers: a spec of one of
    `prospect_agents.catalog.interventions`, such as `steer:layer=15,vector=kind.npy`. With `gate` it sits down only
    where it understands that share of questions about the game (`comprehension`); they are recorded.
    """

    def __init__(
        self,
        model: str | LanguageModel = "smollm2-135m",
        format: str | PromptFormat = "reaction_log",
        style: str = "completion",
        memory: str | int = "full",
        rows: str | None = None,
        preamble: str = "",
        intervention: str | None = None,
        gate: float | None = None,
        **options: Any,
    ) -> None:
        for name, value, allowed in (("style", style, STYLES), ("rows", rows, (None, *ROWS))):
            if value not in allowed:
                raise BadParameter(
                    f"{name} is {value!r}; it may be {' or '.join(str(each) for each in allowed if each)}"
                )
        whole = isinstance(memory, int) and not isinstance(memory, bool)
        if not (memory in ("full", "counts") if isinstance(memory, str) else whole and memory >= 1):
            raise BadParameter(f"memory is {memory!r}; it may be full, counts, or a number of steps, 1 or more")
        if gate is not None and not 0 <= gate <= 1:
            raise BadParameter(f"gate is {gate!r}; it may be between 0 and 1")
        if not (isinstance(model, str) or hasattr(model, "identity")):
            raise BadParameter(f"model is {model!r}; it must be a name, a folder, a hub id or a server")
        self.format = format if isinstance(format, PromptFormat) else prompt_format(format)
        self.style, self.memory, self.row_mode = style, memory, rows
        if options and not isinstance(model, str):
            raise BadParameter(f"{', '.join(options)} belong to the loading of a model; {model.identity} is loaded")
        self.preamble, self.gate = _text(preamble), gate
        self.model = _model(model, intervention, options)
        words = type(format).__name__ if not isinstance(format, str) else f"({format})" if ":" in format else format
        self.told_as = words
        self.name = f"lm:model={model if isinstance(model, str) else model.identity},format={words}"
        self.name += f",intervention=({intervention})" if intervention else ""
        self._calls: dict[Any, Call] = {}

    @property
    def identity(self) -> str:
        """The model's identity, and the hash of what is written before everything it is asked, for manifests."""
        before = f"/preamble={sha256(self.preamble.encode()).hexdigest()[:12]}" if self.preamble else ""
        return self.model.identity + before

    def preload(self, calls: Iterable[Call]) -> None:
        """Answer these recorded questions as they were answered then."""
        known = tuple(calls)
        self.model.recognise({call.model for call in known})
        self.model.recorded(call for call in known if call.model == self.model.identity)

    def calls(self) -> tuple[Call, ...]:
        drained = tuple(self._calls.values())
        self._calls.clear()
        return drained

    def begin(self, table: Table) -> Log:
        self.format.telling(table.game, table.seat, 0)
        # Scores depend a little on what a model has cached. A batch that starts from nothing can be played again the
        # same, so a run that was killed goes on as if it had not been.
        self.model.forget()
        if self.gate is not None:
            from prospect_agents.language.comprehension import passed

            found = passed(self, table.game, table.seat, self.gate)
            self._calls |= {("gate", number): call for number, call in enumerate(found)}
            self.model.forget()
        return Log.begin(table)

    def observe(self, memory: Log, event: Event) -> Log:
        return memory.after(event)

    def states_rows(self, view: View) -> bool:
        """Whether the tensor is asked row by row."""
        return not rolled(view.game.spec) if self.row_mode is None else self.row_mode == "asked"

    def predict(self, memory: Log, view: View, chance: Chance) -> Float[np.ndarray, "B N A"]:
        asked = about_now(view, chance)
        return stepwise(view, chance, asked, self.answers(memory, view, asked))

    def rows(self, memory: Log, view: View, chance: Chance) -> Float[np.ndarray, "B L A N R"] | None:
        if not self.states_rows(view):
            return None
        asked = stated_rows(view, chance)
        return tensor(view, chance, asked, self.answers(memory, view, asked))

    def prepare(self, memory: Log, view: View, chance: Chance) -> None:
        """Have the questions that come next answered together with those of the others at the table."""
        if self.states_rows(view):
            self.expect(memory, view, stated_rows(view, chance))
        elif rolled(view.game.spec) and self.model.full_support:
            roll_forward(Expecting(self), memory, view, chance)
        else:
            # What comes next depends on the answers: on what is impossible, and on which of many choices are drawn.
            self.expect(memory, view, about_now(view, chance))

    def expect(self, memory: Log, view: View, asked: Sequence[Row]) -> None:
        """Say that these questions will be asked."""
        self.model.expect([query for query in self.queries(memory, view, asked) if len(query.labels) > 1])

    def answers(self, memory: Log, view: View, asked: Sequence[Row]) -> list[NDArray[np.float64]]:
        """Probabilities of the options of each question, in their order: label probabilities, recorded."""
        queries = self.queries(memory, view, asked)
        real = [k for k, query in enumerate(queries) if len(query.labels) > 1]
        found = self.model.recall([queries[k] for k in real], "score")
        # What is the only option needs no asking.
        probs = [np.ones(1) for _ in asked]
        for k, answer in zip(real, found, strict=True):
            self.note(view, asked[k], queries[k], answer)
            probs[k] = answer.said.probs
        return probs

    def queries(self, memory: Log, view: View, asked: Sequence[Row]) -> list[Query]:
        """The questions as they are put to the model."""
        pasts: dict[int, tuple[Moment, ...]] = {}
        # Many thoughts of one moment (dice, hidden things) and branches that meet again ask the very same.
        made: dict[Any, Query] = {}
        queries = []
        for row, question in asked:
            if row not in pasts:
                pasts[row] = memory.past(row)
            told = int(view.match[row]), pasts[row]
            key = *told, question.key
            if key not in made:
                made[key] = self.query(view, *told, question)
            queries.append(made[key])
        return queries

    def query(self, view: View, match: int, moments: tuple[Moment, ...], asked: Asked) -> Query:
        """One question about a match as it is put to the model."""
        return self.told(view.game, view.seat, match, moments, asked)

    def told(self, game: Game, seat: int, match: int, moments: tuple[Moment, ...], asked: Asked) -> Query:
        """The question as it is put to whoever sits at `seat`."""
        telling, past, context, rest = self.setting(game, seat, match, moments, asked)
        if self.style == "chat":
            plea, replies = self.format.plea(telling, past, asked), self.format.replies(telling, asked)
            return Query(context, rest + plea, replies, True)
        return Query(context, rest + self.format.cue(telling, past, asked), self.format.labels(telling, asked))

    def setting(self, game: Game, seat: int, match: int, moments: tuple[Moment, ...], asked: Asked) -> Setting:
        """What `seat` is told before it is asked."""
        telling = self.format.telling(game, seat, match)
        last = {"full": len(moments), "counts": 1}.get(str(self.memory), self.memory)
        first = max(0, len(moments) - int(last))
        # Each step is a segment, what happened and what is only supposed alike: equal texts are then asked once. A
        # summary stands before the steps that are told, and changes with every one of them.
        past, start = Past(moments, first), first if self.memory == "counts" else len(moments)
        context = self.format.segments(telling, Past(moments[:start], first), asked)
        rest = self.format.rest(telling, past, asked, start)
        if self.memory == "counts":
            rest = counted(telling, past, asked) + rest
        # One segment with the opening, so that a model which leaves out old segments keeps both.
        return Setting(telling, past, (self.preamble + context[0], *context[1:]), rest)

    def note(
        self,
        view: View,
        row: Row,
        asked: Any,
        answer: Answer,
        purpose: str | None = None,
        mass: float = float("nan"),
    ) -> None:
        """Record one question and its answer; `mass` is that of an answer in words, where it has any.

        The same question for the same purpose is recorded once a step, however many thoughts and branches ask it.
        """
        match, step = int(view.match[row.row]), view.step if isinstance(view.step, int) else int(view.step[row.row])
        why = purpose or row.purpose(view.seat)
        key = match, step, view.seat, why, answer.key
        if key in self._calls:
            return
        said = answer.said
        words = {} if isinstance(asked, Query) else {"text": said.text}
        self._calls[key] = Call(
            match=match, step=step, seat=view.seat, purpose=why, imagined=False, model=self.model.identity,
            prompt_hash=answer.key, prompt="".join(asked.context) + asked.tail,
            labels=() if words else asked.labels, logprobs=() if words else tuple(said.logprobs.tolist()),
            mass=mass if words else said.mass, tokens_in=said.tokens_in, tokens_cached=said.tokens_cached,
            tokens_out=said.tokens_out, latency=said.latency, replayed=answer.known,
            tokens_dropped=said.dropped, **words,
        )  # fmt: skip


def _text(given: str) -> str:
    """The text itself, or what the file holds that `file:PATH` names."""
    if not isinstance(given, str):
        raise BadParameter(f"preamble is {given!r}; it must be text, or file:PATH")
    path = given.removeprefix("file:")
    if path == given:
        return given
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameter(f"cannot read the preamble {path}: {error}") from None


def _model(model: str | LanguageModel, intervention: str | None, options: dict[str, Any]) -> MemoModel:
    told = record()
    if isinstance(model, str) and told is not None:
        # A recorded match is played again: nothing need be loaded.
        recalled = MemoModel(None, identity=told.identity)
        recalled.recorded(told.calls)
        return recalled
    change = None if intervention is None else named(intervention)
    return _remembering(model, change, **options) if isinstance(model, str) else _remembered(model, change)


@cache
def _remembering(model: str, change: Any, **options: Any) -> MemoModel:
    """One memory a model and process: paired runs ask many of the same questions."""
    return _remembered(load_model(model, **options), change)


def _remembered(model: LanguageModel, change: Any) -> MemoModel:
    return MemoModel(model if change is None else intervened(model, change))


def lm(model: str = "smollm2-135m", format: str = "reaction_log", **options: Any) -> LanguagePredictor:
    """A language model as a predictor.

    `model` is a known name, a folder or a hub id; `format` how the match is told; `style`, `memory`, `rows`, `preamble`
    and `intervention` are those of `LanguagePredictor`; `dtype` and the like go on to the model.
    """
    if not isinstance(model, str):
        raise BadParameter(f"model is {model!r}; it must be a name, a folder or a hub id")
    return LanguagePredictor(model, format, **options)
