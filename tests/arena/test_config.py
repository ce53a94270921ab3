"""Configurations: read, checked whole, written back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prospect_env.arena.config import Config, configure, read_config
from prospect_env.arena.request import feeds, wanted
from prospect_env.arena.seating import seat
from prospect_env.core.errors import BadParameter, UnknownName, UnsuitablePolicy
from prospect_env.core.make import make_game
from tests.samples import GAME_PARAMETERS

PLAIN = {"name": "x", "game": "prisoners_dilemma", "policies": ["tit_for_tat", "always_defect"]}


def test_defaults_are_filled_in_and_survive_the_file(tmp_path: Path) -> None:
    config = configure(PLAIN | {"game": "prisoners_dilemma:rounds=3,noise=.25"}).completed()
    assert config.parameters["rounds"] == 3
    assert config.parameters["noise"] == 0.25
    assert config.parameters["discount"] == 1.0
    assert config.parameters["payoffs"] == [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]
    (tmp_path / "config.yaml").write_text(config.text())
    assert read_config(tmp_path / "config.yaml") == config
    assert config.completed() == config


@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
def test_every_game_is_the_same_from_its_completed_configuration(name: str, tmp_path: Path) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    entries = {"name": "x", "game": name, "parameters": GAME_PARAMETERS[name], "policies": ["random"] * game.spec.seats}
    (tmp_path / "config.yaml").write_text(configure(entries).completed().text())
    read = read_config(tmp_path / "config.yaml")
    assert make_game(str(read.game), **read.parameters).spec == game.spec


def test_pairings_inherit_what_they_leave_out() -> None:
    config = configure(
        {
            "name": "x",
            "game": "prisoners_dilemma",
            "parameters": {"rounds": 4},
            "feeds": {0: "oracle"},
            "pairings": [
                {"policies": ["prospective", "tit_for_tat"]},
                {"policies": ["prospective", "grim"], "feeds": {}, "parameters": {"noise": 0.1}},
                {"policies": ["prospective", "grim"], "game": "chicken"},
            ],
        }
    )
    one, two, three = config.matches
    assert (one.game, one.parameters, one.feeds) == ("prisoners_dilemma", {"rounds": 4}, {0: "oracle"})
    assert (two.parameters, two.feeds) == ({"rounds": 4, "noise": 0.1}, {})
    assert (three.game, three.parameters) == ("chicken", {}), "another game does not take this one's parameters"
    assert [len(match.policies) for match in config.completed().matches] == [2, 2, 2]
    assert yaml.safe_load(config.completed().text())["pairings"][2]["parameters"]["rounds"] == 10


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"episods": 3}, ["unknown configuration key 'episods'", "'episodes'"]),
        ({"episodes": 0}, ["episodes is 0", "greater than or equal to 1"]),
        ({"episodes": "10"}, ["episodes is '10'", "integer"]),
        ({"episodes": True}, ["episodes is True"]),
        ({"branch": "some"}, ["branch is 'some'", "'none', 'all' or 'returns'"]),
        ({"name": "../x"}, ["name is '../x'", "letters"]),
        ({"policies": None}, ["either policies", "or pairings"]),
        ({"pairings": [{"policies": ["grim", "grim"]}]}, ["either policies", "or pairings"]),
        ({"policies": None, "pairings": []}, ["pairings is empty"]),
        (
            {"policies": None, "pairings": [{"polices": ["grim"]}]},
            ["unknown configuration key 'polices'", "'policies'"],
        ),
        ({"game": None}, ["game is missing"]),
        ({"episodes": 0, "shard": 0}, ["episodes is 0", "shard is 0"]),
    ],
    ids=str,
)
def test_what_is_wrong_is_said(entries: dict[str, object], words: list[str]) -> None:
    with pytest.raises(BadParameter) as caught:
        configure(PLAIN | entries)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "error", "words"),
    [
        ({"game": "prisoner_dilemma"}, UnknownName, "'prisoners_dilemma'"),
        ({"policies": ["tit_for_tatt", "grim"]}, UnknownName, "'tit_for_tat'"),
        ({"parameters": {"round": 3}}, BadParameter, "'rounds'"),
        ({"policies": ["grim"]}, BadParameter, "2 seats; 1 policies"),
        ({"feeds": {0: "oracle"}}, UnsuitablePolicy, "nothing that forecasts"),
        ({"feeds": {2: "oracle"}}, BadParameter, "seats 0 to 1"),
        ({"policies": ["prospective", "grim"], "feeds": {0: "orcle"}}, UnknownName, "'oracle'"),
        ({"policies": ["prospective:predictor=bayes", "human"], "branch": "all"}, UnsuitablePolicy, "asked twice"),
        ({"policies": ["prospective:predictor=oracle", "prospective:predictor=oracle"]}, UnsuitablePolicy, "oracle"),
        ({"policies": ["memory_one", "grim"]}, BadParameter, "needs the parameter 'p'"),
    ],
    ids=str,
)
def test_what_cannot_be_seated_is_found_before_anything_is_played(
    entries: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        seat(configure(PLAIN | entries))


def test_files_that_are_none(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    for text, words in (("a: [1", "is not YAML"), ("- 1", "holds list"), ("", "holds NoneType")):
        broken.write_text(text)
        with pytest.raises(BadParameter, match=words):
            read_config(broken)
    with pytest.raises(BadParameter, match="cannot read the configuration"):
        read_config(tmp_path / "absent.yaml")


def test_flags_win_over_the_file_and_a_run_stays_at_home(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in PLAIN.items() if key != "name"}))
    config, folder = wanted(file, {"episodes": 7}, Path("runs"))
    assert (config.name, config.episodes, folder) == ("mine", 7, Path("runs/mine"))
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.yaml").write_text(config.text())
    assert wanted(home, {}, Path("runs")) == (config, home)
    named, _ = wanted(None, {"game": "chicken", "policies": ["grim", "random:p=.5"]}, Path("runs"))
    assert named.name == "chicken-grim-vs-random-p-.5"


def test_a_name_is_enough_to_go_on_with_a_run(tmp_path: Path) -> None:
    config = configure({**PLAIN, "name": "mine"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.yaml").write_text(config.text())
    assert wanted(None, {"name": "mine"}, tmp_path, resume=True) == (config, tmp_path / "mine")
    with pytest.raises(BadParameter, match=r"there is no run .*other to go on with"):
        wanted(None, {"name": "other"}, tmp_path, resume=True)
    with pytest.raises(BadParameter, match="nothing says which run to go on with"):
        wanted(None, {"episodes": 7}, tmp_path, resume=True)
    with pytest.raises(BadParameter, match="give either policies"):
        wanted(None, {"name": "mine"}, tmp_path)


def test_feeds_from_flags() -> None:
    assert feeds(["0=oracle", "1=mixture:lam=.5"]) == {0: "oracle", 1: "mixture:lam=.5"}
    for text in ("oracle", "x=oracle", "0="):
        with pytest.raises(BadParameter, match="cannot read the feed"):
            feeds([text])


def test_a_configuration_cannot_be_changed_by_accident() -> None:
    config = configure(PLAIN)
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3  # type: ignore[misc]
    assert isinstance(config, Config)
