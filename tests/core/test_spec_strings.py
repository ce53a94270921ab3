"""Spec strings: what users type for policies, games and feeds."""

from __future__ import annotations

from typing import Any

import pytest

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.make import make_game, make_policy, parse


@pytest.mark.parametrize(
    ("spec", "name", "parameters"),
    [
        ("tit_for_tat", "tit_for_tat", {}),
        ("  grim ", "grim", {}),
        ("random:p=.25", "random", {"p": 0.25}),
        ("random:p=1", "random", {"p": 1}),
        ("random:p=1e-3", "random", {"p": 0.001}),
        ("human:forecast=true", "human", {"forecast": True}),
        ("memory_one:p=[.9,.1,.8,.2,.5]", "memory_one", {"p": [0.9, 0.1, 0.8, 0.2, 0.5]}),
        ("prospective:predictor=bayes,depth=4", "prospective", {"predictor": "bayes", "depth": 4}),
        ("lm:model=org/name, mode=plan", "lm", {"model": "org/name", "mode": "plan"}),
        ("always:action=C", "always", {"action": "C"}),
        (
            "forecasting:actor=(memory_one:p=[1,0,1,0,1]),predictor=(bayes:prior=2)",
            "forecasting",
            {"actor": "memory_one:p=[1,0,1,0,1]", "predictor": "bayes:prior=2"},
        ),
        (
            "forecasting:actor=(forecasting:actor=(random:p=.5),predictor=counts)",
            "forecasting",
            {"actor": "forecasting:actor=(random:p=.5),predictor=counts"},
        ),
    ],
)
def test_specs_that_can_be_read(spec: str, name: str, parameters: dict[str, Any]) -> None:
    assert parse(spec) == (name, parameters)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "cannot read ''"),
        (":p=1", "cannot read"),
        ("random:", "cannot read 'random:'"),
        ("random:p", "parameters are key=value"),
        ("random:p=1,p=2", "'p' is given twice"),
        ("random:2p=1", "cannot read '2p=1'"),
        ("random:p=[1", "left open"),
        ("random:p=1]", "never opened"),
        ("random:p={1", "cannot read the value"),
    ],
)
def test_specs_that_cannot(spec: str, words: str) -> None:
    with pytest.raises(BadParameter, match=words.replace("[", r"\[")):
        parse(spec)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("value", ["4", "", "true", "[1,2]"])
def test_specs_inside_of_specs_are_words(value: str) -> None:
    with pytest.raises(BadParameter, match=r"cannot read .*; a spec is name"):
        make_policy(f"prospective:predictor=bayes,planner={value}")


@pytest.mark.parametrize(
    ("spec", "near"),
    [("titfortat", "tit_for_tat"), ("random_memory1", "random_memory_one"), ("prospectiv:depth=2", "prospective")],
)
def test_unknown_policies_list_the_nearest(spec: str, near: str) -> None:
    with pytest.raises(UnknownName, match="unknown policy") as caught:
        make_policy(spec)
    assert near in caught.value.near


def test_unknown_games_and_parameters_list_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'prisoners_dilemma'"):
        make_game("prisoner_dilemma")
    with pytest.raises(BadParameter, match="did you mean 'rounds'"):
        make_game("chicken", round=3)
    with pytest.raises(BadParameter, match="did you mean 'termination_probability'"):
        make_game("chicken", termination_prob=0.1)
    with pytest.raises(BadParameter, match="did you mean 'p'"):
        make_policy("random:pp=.3")
    with pytest.raises(UnknownName, match="unknown predictor 'bayess'; did you mean 'bayes'"):
        make_policy("prospective:predictor=bayess")
    with pytest.raises(UnknownName, match=r"known: .*tit_for_tat"):
        make_policy("zzzzzz")


def test_a_game_is_also_a_spec_and_keywords_win_over_it() -> None:
    assert make_game("trust:rounds=3") == make_game("trust", rounds=3)
    assert make_game("trust:rounds=3", rounds=2) == make_game("trust", rounds=2)
    assert make_game("chicken:rounds=3,noise=.1") == make_game("chicken", rounds=3, noise=0.1)
    with pytest.raises(UnknownName, match="unknown game 'chiken'; did you mean 'chicken'"):
        make_game("chiken:rounds=3")


def test_a_policy_knows_its_spec() -> None:
    assert make_policy("random:p=.3").name == "random:p=.3"


def test_a_word_where_a_number_belongs() -> None:
    with pytest.raises(BadParameter, match="policy 'random': a value is of the wrong kind in p='often'"):
        make_policy("random:p=often")
    with pytest.raises(BadParameter, match="game 'chicken': a value is of the wrong kind in noise='much'"):
        make_game("chicken", noise="much")
    with pytest.raises(BadParameter, match="game 'chicken': a value is of the wrong kind in discount='none'"):
        make_game("chicken", discount="none")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("lm:model=fake,temperature=true", "temperature is True; it must be a number"),
        ("lm:model=fake,mode=direct,temperature=false", "temperature is False; it must be a number"),
        ("lm:model=fake,memory=true", "memory is True; it must be a whole number or a word"),
        ("lm:model=fake,mode=reflect,rate=true", "rate is True; it must be a number"),
        ("lm:model=fake,depth=true", "depth is True; it must be a whole number"),
        ("prospective:planner=(lookahead:discount=true)", "discount is True; it must be a number"),
        ("prospective:predictor=(bayes:prior=true)", "prior is True; it must be a number"),
        ("lm:model=(server:url=http://127.0.0.1:9/v1,model=m,timeout=true)", "timeout is True; it must be a number"),
    ],
)
def test_truths_are_no_numbers(spec: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        make_policy(spec)


def test_truths_are_no_numbers_of_games_either() -> None:
    for name in ("rounds", "noise", "termination_probability"):
        with pytest.raises(BadParameter, match=f"{name} is True; it must be a"):
            make_game("prisoners_dilemma", **{name: True})
    # Where a truth belongs it is taken.
    assert make_game("prisoners_dilemma", announcements=True).spec.announces
    assert make_policy("lm:model=fake,mode=direct,forecast=false").forecasts is False
