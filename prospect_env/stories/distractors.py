"""Distractors: sentences that change nothing, from a closed grammar that cannot speak of the game.

Every macro of `templates/distractors.j2` is one form: literal words, small numbers and words of closed lists. None of
them may be a word of a story (a name, a label, a role, a currency), a word that its rules are told with, or a word of
`REFERRING`, which lists what points at the players, at what happened, or at when a game ends; `clashes` finds the first
and the last, and a test looks at all rules. A distractor never stands before a sentence that points back
(`prospect_env.stories.rules.leans`), which would otherwise speak of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.stories.frames import environment
from prospect_env.stories.grammar import Form
from prospect_env.stories.story import Story
from prospect_env.stories.telling import Telling

KINDS = ("numbers", "events", "opinions")
TEMPLATE = "distractors.j2"
NUMBERS = range(2, 100)  #: what numbers of distractors are drawn from
_TRIES = 100
_WORD = re.compile(r"[A-Za-z]+")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: words that would point at somebody at the table, at what was done, or at the end
REFERRING = _listed(
    """
    i me my mine we us our you your yours he him his she her hers they them their theirs it its who whose whom this
    these those everybody everyone anybody anyone somebody someone nobody both each either neither all none other
    others another opponent opponents partner partners rival rivals neighbour neighbours player players team teams
    side sides always never again before after last next previous earlier later until since yet still already once
    twice first second third final finally end ends ended ending over stop stops stopped begin begins began start
    starts started continue continues continued round rounds step steps turn turns game games match matches play
    plays played choose chooses chose chosen choice choices option options action actions move moves moved pick picks
    picked decide decides decided pay pays paid payoff payoffs point points gain gains get gets got lose loses lost
    win wins won cooperate cooperates defect defects trust trusts cheat cheats punish punishes reward rewards
    probability chance likely unlikely
    """
)
#: words that carry no meaning of their own and may stand anywhere
_FUNCTION = _listed("a an the some of in on at to by for from with and or than near more as is are was were has had")


@cache
def grammar() -> tuple[Form, ...]:
    """All forms of distractors."""
    nobody = Story("any game", TEMPLATE, names=(), actions=(), reactions=(), roles=(), words=(), order=())
    telling = Telling(nobody, -1)
    telling.context["vocabulary"] = _vocabulary()
    return tuple(Form(telling, name) for name in sorted(telling.macros) if name.partition("_")[0] in KINDS)


def distractors(n: int, kind: str, seed: int = 0) -> tuple[str, ...]:
    """`n` different sentences of a kind: `numbers`, `events` or `opinions`; the first of them for any `n`."""
    if kind not in KINDS:
        raise UnknownName("kind of distractors", kind, KINDS)
    if n < 0:
        raise BadParameter(f"n is {n}; it must be 0 or more")
    random, own = Random(f"{kind}/{seed}"), [form for form in grammar() if form.name.startswith(f"{kind}_")]
    found: dict[str, None] = {}
    while len(found) < n:
        drawn = (_said(random.choice(own), random) for _ in range(_TRIES))
        new = next((sentence for sentence in drawn if sentence not in found), None)
        if new is None:
            raise BadParameter(f"n is {n}; there are only some {len(found)} different distractors of kind {kind!r}")
        found[new] = None
    return tuple(found)


def distracted(story: Story, n: int, kind: str, seed: int = 0) -> Story:
    """`story` with `n` distractors at places drawn by `seed`; raises `BadParameter` if its words clash with theirs."""
    shared = clashes(story)
    if shared and n:
        raise BadParameter(f"distractors could be taken to speak of the story: both have the words {sorted(shared)}")
    random = Random(f"places/{kind}/{seed}")
    added = tuple((random.random(), sentence) for sentence in distractors(n, kind, seed))
    return replace(story, distractors=story.distractors + added)


def clashes(story: Story) -> frozenset[str]:
    """Words that distractors share with a story's names, labels, roles and other words; there must be none."""
    said = [*story.names, *story.actions, *story.reactions, *story.roles]
    said += [form for word in story.word.values() for form in (word, word.many)]
    # A label of small words alone, such as "more", could be taken for what they name.
    bare = [text for text in said if not _content([text]) and not any(map(str.isdigit, text))]
    return (_content(said) | REFERRING) & vocabulary() | _all_words(bare) & _all_words(_texts())


def idle(sentence: str) -> bool:
    """Whether a sentence is a distractor: one that `distractors` can give, to the letter."""
    terms = {term for terms in _vocabulary().values() for term in terms}
    return any(
        all(value in (terms if isinstance(value, str) else NUMBERS) for value in fact.values.values())
        for form in grammar()
        if (fact := form.read(sentence))
    )


@cache
def vocabulary() -> frozenset[str]:
    """All words that distractors can say, but for such as `the` and `of`."""
    return _content(_texts())


def _texts() -> list[str]:
    """All that distractors are put together from."""
    literals = [literal for form in grammar() for literal in form.literals]
    return [*literals, *(term for terms in _vocabulary().values() for term in terms)]


def _content(texts: Iterable[str]) -> frozenset[str]:
    return _all_words(texts) - _FUNCTION


def _all_words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))


def _vocabulary() -> dict[str, list[str]]:
    module: Any = environment().get_template(TEMPLATE).module
    return dict(module.vocabulary)


def _said(form: Form, random: Random) -> str:
    """Something of this form."""
    values = {slot.field: _drawn(slot.kind, slot.given, random) for slot in form.slots}
    return form.telling.tell(form.name, **values)[0]


def _drawn(kind: str, given: tuple[str, ...], random: Random) -> Any:
    return random.choice(NUMBERS) if kind == "number" else random.choice(_vocabulary()[given[0]])
