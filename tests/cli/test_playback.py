"""A match told step by step."""

import pytest

from prospect_env import make_game, play
from prospect_env.report.playback import lines, steps


def test_nobody_is_said_to_forecast_what_follows_an_action_the_rules_do_not_allow() -> None:
    trust = play(make_game("trust", rounds=1), ["prospective:predictor=uniform", "reciprocal_trustee"], episodes=1)
    told = {row["own_action"] for row in steps(trust)[0]["forecasts"]}
    assert told == {"send 0%", "send 50%", "send 100%"}


@pytest.mark.parametrize("branch", ["none", "all"])
def test_what_is_told_is_about_choices_that_there_are(branch: str) -> None:
    table = ["prospective:predictor=uniform", "reciprocal_trustee"]
    first = steps(play(make_game("trust", rounds=1), table, episodes=1, branch=branch))[0]  # type: ignore[arg-type]
    about = {(row["agent"], row["lead"], row["own_action"]) for row in first["forecasts"]}
    sent = {"send 50%", "send 100%"}
    never = set() if branch == "all" else {("player_1", 1, "send 0%")}  # nothing sent, nothing returned
    told = {("player_0", 0, action) for action in (*sent, "send 0%")} | {("player_1", 1, action) for action in sent}
    assert about == told | never
    assert set(first["seats"][0]["values"]) == {"send 0%", *sent}
    assert not any("wait 0" in line for line in lines(first) if "; values" in line)
