"""Adding a frame is adding a file, and a file that cannot tell a game is refused with the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.stories import drawing, frames, narrator, reading
from prospect_env.stories.narrator import story

GOOD = """\
{% set words = {"currency": ["{} loaf|{} loaves"], "actions": {"accept": ["say yes"], "reject": ["say no"],
                "offer {}%": ["hand over {} percent", "give {} percent"]},
                "roles": {"proposer": ["baker"], "responder": ["guest"]}} %}
{% macro setting() %}A baker shares bread with a guest.{% endmacro %}
{% macro pie(value) %}There are {{ value|amount }} to share.{% endmacro %}
{% macro offers(values) %}The guest may be offered {{ values|numbers }} of it.{% endmacro %}
{% macro roles_fixed() %}The baker stays the baker.{% endmacro %}
{% macro roles_alternating() %}Every {{ word.round }} they trade places.{% endmacro %}
"""
Write = Callable[[str], None]

RULES = """\
A baker shares bread with a guest.
You are Bob, and with you is Ann.
Ann is the baker.
You are the guest.
You may choose hand over 0 percent, hand over 12.5 percent, say yes or say no.
There are at most 2 rounds.
There are 10 loaves to share.
The guest may be offered 0 and 0.125 of it.
The baker stays the baker.
Your aim is to collect as much as you can."""

CACHES = (
    frames.environment, frames.frame_at, frames._module, frames._folder, drawing.canonical, drawing._begun,
    narrator._narrator, reading._tongue, reading._forms,
)  # fmt: skip


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes the one frame that the ultimatum game then has."""
    (tmp_path / "ultimatum").mkdir()
    for shared in ("shared.j2", "distractors.j2"):
        shutil.copy(frames.TEMPLATES / shared, tmp_path)
    monkeypatch.setattr(frames, "TEMPLATES", tmp_path)

    def forget() -> None:
        for cache in CACHES:
            cache.cache_clear()

    def write(text: str) -> None:
        (tmp_path / "ultimatum" / "canonical.j2").write_text(text)
        forget()

    yield write
    forget()


def test_a_file_is_all_it_takes(write: Write) -> None:
    write(GOOD)
    game = make_game("ultimatum", offers=[0.0, 0.125], rounds=2)
    told = story(game)
    assert told.rules(1) == RULES
    assert told.read(told.rules(1)) == told.read(told.rules(0)) == game
    assert told.event(0, [game.spec.actions.index("offer 12.5%"), -1], 0) == (
        "You chose hand over 12.5 percent.\nYou got 0 loaves."
    )
    alternating = make_game("ultimatum", roles="alternating", noise=0.1)
    assert story(alternating, variant=3).read(story(alternating, variant=3).rules(0)) == alternating


@pytest.mark.parametrize(
    ("instead_of", "written", "complaint"),
    [
        ("macro pie(value)", "macro cake(value)", r"has no macro for what must be told: pie\(value\)"),
        ("macro pie(value)", "macro pie(size)", r"'pie' .* takes \('size',\); it is given \('value',\)"),
        ("{{ value|amount }} to share", "{{ value|amount }} to share. It is fresh", "'pie' .* says 2 sentences"),
        ("There are {{ value|amount }}", "There are loaves", "'pie' .* does not say its 'value'"),
        ("{{ value|amount }}", "{{ value }}", "uses 'value' without a filter"),
        ("{{ value|amount }}", "{% if value > 1 %}{{ value|amount }}{% endif %}", "uses 'value' without a filter"),
        (
            "{{ values|numbers }}",
            "{{ values[0]|number }} and {{ values[1]|number }}",
            "read back: .* is missing",
        ),
        ("{{ values|numbers }}", "{{ values|options }}", "'options' cannot be read back"),
        ('"reject": ["say no"]', '"reject": ["say yes"]', "say yes must stand for one only"),
        ("There are {{ value|amount }} to share.", "There is no end {{ value|amount }}", "told"),
        ("The baker stays the baker.", "The guest may be offered 0, 0.125 and 0.5 of it.", "several ways"),
    ],
)
def test_what_cannot_tell_the_game_is_refused(write: Write, instead_of: str, written: str, complaint: str) -> None:
    assert instead_of in GOOD
    write(GOOD.replace(instead_of, written))
    game = make_game("ultimatum", offers=[0.0, 0.125, 0.5])
    if complaint == "told":  # a sentence need not end with a full stop: its line's end is its end
        assert story(game).read(story(game).rules(0)) == game
        return
    with pytest.raises(BadParameter, match=complaint):
        story(game)


def test_variants_differ_as_long_as_there_are_words(write: Write) -> None:
    few = GOOD.replace("{% set words = {", '{% set words = {"names": ["Ann", "Bob"], ')
    write(few)
    game = make_game("ultimatum", offers=[0.0, 0.125])
    # 2 ways to name the seats, 2 to word offers, 24 orders of 4 options, 3 phrases each for rounds and aim
    told = drawing.variants(game, drawing.canonical(game), 200)
    assert len({narrator.Narrator(game, variant).rules(0) for variant in told}) == 200
