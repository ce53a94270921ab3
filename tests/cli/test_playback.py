"""A match told step by step."""

from prospect_env import make_game, play
from prospect_env.report.playback import steps


def test_nobody_is_said_to_forecast_what_follows_an_action_the_rules_do_not_allow() -> None:
    trust = play(make_game("trust", rounds=1), ["prospective:predictor=uniform", "reciprocal_trustee"], episodes=1)
    told = {row["own_action"] for row in steps(trust)[0]["forecasts"]}
    assert told == {"send 0%", "send 50%", "send 100%"}
