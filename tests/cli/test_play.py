"""`prospect play`: a person takes a seat at the terminal; here the person is a text on standard input."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from prospect_env.cli import app
from prospect_env.core.errors import ProspectError
from prospect_env.core.registry import games
from prospect_env.report.table_talk import Sitting, meant
from prospect_env.stories.frames import frames
from tests.samples import GAME_PARAMETERS


def play(*arguments: str, typed: str = "", code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["play", *arguments], input=typed)
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def typing(*answers: str) -> Callable[[str], str]:
    """Somebody who types these, over and over."""
    left = itertools.cycle(answers)
    return lambda _: next(left)


def test_a_matrix_game_told_plainly() -> None:
    shown = play("chicken:rounds=2", "--opponent", "always:action=0", typed="9\n2\nsw\n").stdout
    assert "for this game: --story canonical, adversarial" in shown
    assert shown.count("you straight, player_1 swerve: you get 5") == 1, "the rules are told once"
    assert "So far 0 of at most 2 steps.\nYou may choose:\n  1 swerve\n  2 straight\n" in shown
    assert "'9' is none of the choices; type a number from 1 to 2 or the beginning of a choice" in shown
    assert (
        "So far 1 of at most 2 steps.\nIn the last step you chose straight and player_1 chose swerve. You got 5."
        in shown
    )
    # 5 for straight against swerve, then 3 each.
    assert shown.endswith("After 2 steps, in all:\n  player_0, you: 8\n  player_1, played by always:action=0: 4\n")


def test_a_matrix_game_in_a_story_is_offered_in_its_order_and_counted_on_its_scale() -> None:
    story = "symbols:variant=2"
    sitting = Sitting("prisoners_dilemma:rounds=2", story=story, opponents=["always:action=0"], ask=typing("1"))
    told: list[str] = []
    sitting.say = told.append
    sitting.play()
    narrator = sitting.voice.story
    assert narrator is not None
    first = narrator.story.order[0]
    scale, shift = narrator.story.scale, narrator.story.shift
    assert (scale, shift) != (1, 0), "this variant has a scale of its own"
    words = "\n".join(told)
    assert f"  1 {narrator.labels[first]}\n  2 {narrator.labels[1 - first]}" in words
    assert f"You chose {narrator.labels[first]}." in words
    paid = [float(step.outcome.rewards[0, 0]) for step in sitting.match.steps]
    mine = scale * sum(paid) + 2 * shift
    assert f"player_0 ({narrator.story.names[0]}), you: {mine:g} (payoff {sum(paid):g})" in words


@pytest.mark.parametrize(
    ("story", "waits", "sees", "yes"),
    [
        ([], "You do not choose in this step.", "player_0 chose offer 50%", "accept"),
        (["--story", "everyday:variant=2"], "There is nothing for you to do now.", "put aside 50 percent.", "nod"),
    ],
    ids=["plain", "story"],
)
def test_a_sequential_game_from_the_second_seat(story: list[str], waits: str, sees: str, yes: str) -> None:
    offer_half = ["--opponent", "always:action=6"]  # wait, then offers of 0 to 50 percent
    shown = play("ultimatum:rounds=1", "--seat", "1", *offer_half, *story, typed=f"{yes}\n").stdout
    before, _, after = shown.partition("You may choose:")
    assert waits in before
    assert sees in before
    stands = "In the bowl there are" if story else "pie: 10"
    assert stands not in before.partition(waits)[0], "how things stand is told to those who choose"
    assert stands in before
    assert "You may choose:" not in after
    # Half of the 10 for each; the person comes first.
    mine, theirs = after.splitlines()[-2:]
    assert mine.startswith("  player_1")
    assert mine.endswith(", you: 5")
    assert theirs.endswith(", played by always:action=6: 5")


def test_a_gridworld_shows_ones_window_at_each_turn() -> None:
    table = ["cleanup:seats=3,map=small,steps=9", "--opponent", "cleaner", "--opponent", "random", "--max-steps", "2"]
    plain = play(*table, typed="turn_l\nstay\n").stdout
    assert plain.count("What you see, with what is ahead of you at the top; you face") == 3, "both turns and the end"
    assert "@" in plain
    assert "0 seat 0" not in plain, "the whole board is for onlookers"
    assert "you chose turn_left" in plain
    assert "Cut short after 2 steps, in all:" in plain
    assert "played by cleaner: " in plain
    told = play(*table, "--story", "business", typed="wait\nblow\n").stdout
    assert "You chose to wait." in told
    assert told.count("You sit in seat 0 as player_0 (Ann).") == 1
    assert told.count("This is what you see:") == 3, "at both turns and at the end"


def test_hidden_information_stays_hidden() -> None:
    deal = ["bargaining", "--seat", "1", "--opponent", "tough_bargainer", "--seed", "3"]
    told = play(*deal, "--story", "business", typed="1\n").stdout
    assert "A crate of silk is worth" in told
    assert "It is over." in told
    sitting = Sitting("bargaining", seat=1, opponents=["tough_bargainer"], seed=3, ask=typing("accept"))
    lines: list[str] = []
    sitting.say = lines.append
    sitting.play()
    game, state = sitting.table.game, sitting.match.steps[0].state
    theirs, mine = (
        [
            f"{name.replace('_', ' ')}: {value[0]:g}"
            for name, value in game.situation(game.hide(state, seat), seat).items()
            if "value" in name or "worth" in name
        ]
        for seat in (0, 1)
    )
    assert mine
    assert mine != theirs, "this seed deals them different values"
    shown = "\n".join(lines)
    assert all(line in shown for line in mine)
    assert not any(line in shown for line in set(theirs) - set(mine))


@pytest.mark.parametrize("game", list(GAME_PARAMETERS))
def test_every_game_is_played_to_its_end_plainly_and_in_a_story(game: str) -> None:
    given = ",".join(f"{key}={json.dumps(value)}" for key, value in GAME_PARAMETERS[game].items())
    given = given.replace('"path_graph(3)"', "path_graph(3)")
    for story in (None, frames(game)[-1]):
        told: list[str] = []
        try:
            sitting = Sitting(f"{game}:{given}", story=story, seed=1, say=told.append)
        except ProspectError:
            assert story is not None, "some frames do not tell all parameters"
            continue

        def first(_: str, sitting: Sitting = sitting) -> str:
            labels = sitting.voice.labels
            return labels[sitting.voice.listed(sitting.match.node.legal[0])[-1]]

        sitting.ask = first
        sitting.play()
        assert sitting.match.over
        assert "is none of the choices" not in "\n".join(told)
        assert told[-1].count("played by random_reactive") == sitting.table.spec.seats - 1


def test_choices_that_are_numbers_are_not_numbered() -> None:
    shown = play(
        "travellers_dilemma:low=2,high=4,spacing=1,bonus=2,rounds=1", "--opponent", "always:action=2", typed="3\n"
    ).stdout
    assert "You may choose:\n  2\n  3\n  4\n" in shown
    assert "you chose 3" in shown


def test_what_an_answer_means() -> None:
    labels = ["take 5", "take 50", "Give", "give way", "wait"]
    assert meant("take 5", labels) == [0]
    assert meant("take", labels) == [0, 1]
    assert meant("give", labels) == [2]
    assert meant("w", labels) == [4]
    assert meant("", labels) == []
    shown = play("commons:rounds=1", typed="take 1\n\ntake\ntake 1\n", code=0).stdout
    assert "'' is none of the choices" in play("chicken", "--max-steps", "1", typed="\n1\n").stdout
    assert "chose take 10" in shown


def test_an_answer_that_may_be_several_is_asked_again() -> None:
    assert "'s' may be swerve or straight; type" in play("chicken", "--max-steps", "1", typed="s\n1\n").stdout


def test_the_seed_fixes_what_the_others_do() -> None:
    def lines(seed: str) -> str:
        return str(play("chicken:rounds=6", "--seed", seed, "--opponent", "random", typed="1\n" * 6).stdout)

    assert lines("4") == lines("4")
    assert len({lines(seed) for seed in "1234"}) > 1


def test_leaving_early_is_said_and_is_no_success() -> None:
    left = play("chicken:rounds=3", typed="1\n", code=1)
    assert left.stderr == "prospect: you left the table after 1 step; the match is not finished\n"

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(ProspectError, match="after 0 steps"):
        Sitting("chicken", ask=interrupt, say=lambda _: None).play()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chickn"], "'chicken'"),
        (["chicken:round=3"], "'rounds'"),
        (["chicken", "--seat", "2"], "seats 0 to 1"),
        (["chicken", "--seat", "-1"], "seats 0 to 1"),
        (["chicken", "--opponent", "grimm"], "'grim'"),
        (["chicken", "--opponent", "grim", "--opponent", "grim"], "2 were given"),
        (["chicken", "--opponent", "fair_responder"], "fair_responder"),
        (["chicken", "--story", "bussiness"], "'business'"),
        (["chicken", "--story", ""], "cannot read"),
        (["chicken", "--story", "business:variant=-1"], "variant is -1"),
        (["chicken", "--seed", "-1"], "seed is -1"),
        (["chicken", "--max-steps", "0"], "max_steps is 0"),
        ([], "GAME"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_does_not_fit_is_refused_before_anything_is_told(arguments: list[str], words: str) -> None:
    refused = play(*arguments, typed="1\n" * 20, code=2)
    assert words in refused.stderr
    assert refused.stdout == ""


def test_a_story_that_does_not_fit_names_those_that_do() -> None:
    refused = play("ultimatum", "--story", "business", code=2)
    assert "everyday" in refused.stderr
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1


def test_stories_are_listed_by_game() -> None:
    result = CliRunner().invoke(app, ["list", "stories", "--json"])
    rows = {row["name"]: row["stories"] for row in json.loads(result.stdout)}
    assert list(rows) == list(games)
    assert rows["ultimatum"] == ", ".join(frames("ultimatum"))
    shown = CliRunner().invoke(app, ["list", "stories"]).stdout
    assert all(name in shown for name in games)
