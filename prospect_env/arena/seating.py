"""`seat`: the games and policies of a run, built and checked before anything is played."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from prospect_env.arena.config import Config, Pairing
from prospect_env.arena.feeds import make_feed
from prospect_env.core.chance import episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.players import Players
from prospect_env.core.policy import Call, Policy
from prospect_env.core.replay import answering


class Seating(NamedTuple):
    """One pairing at its table: the game, a policy a seat, and what planners are fed, by seat."""

    game: Game
    policies: tuple[Policy, ...]
    feeds: dict[int, str]


def seat(config: Config, recorded: Sequence[Call] = ()) -> tuple[Seating, ...]:
    """Every pairing of a run, in order; raises what `play` would raise, for all of them before the first is played.

    Who sits down is given the model calls that are `recorded`, to answer the same questions in the same words.
    """
    return tuple(seat_one(config, match, recorded) for match in config.matches)


def seat_one(
    config: Config, match: Pairing, recorded: Sequence[Call] = (), models: Sequence[str | None] = ()
) -> Seating:
    """One pairing of a run; as `seat`. What is recorded stands in for `models`, the identity of each seat's."""
    game = make_game(match.game or "", **(match.parameters or {}))
    policies = tuple(
        _built(policy, models[chair] if models else None, [call for call in recorded if call.seat == chair])
        for chair, policy in enumerate(match.policies)
    )
    seats = game.spec.seats
    if len(policies) != seats:
        raise BadParameter(f"{game.spec.name} has {seats} seats; {len(policies)} policies were given: {match.policies}")
    feeds = dict(match.feeds or {})
    for chair in feeds:
        if not 0 <= chair < seats:
            raise BadParameter(f"feeds names seat {chair}; {game.spec.name} has seats 0 to {seats - 1}")
    players = Players(game, dict(enumerate(policies)), {chair: make_feed(feed) for chair, feed in feeds.items()})
    if config.branch == "all":
        for chair, policy in enumerate(policies):
            if policy.forecasts:
                players.require_branchable(except_seat=chair)
    # Before anybody sits down: some ask their model then, and some models cannot be reached any more.
    for policy in policies if recorded else ():
        policy.preload(recorded)
    # Policies refuse a game when they sit down at it, so each sits down once for one match.
    players.begin(episode_seeds(config.seed, 1))
    return Seating(game, policies, feeds)


def _built(policy: str, model: str | None, answers: Sequence[Call]) -> Policy:
    with answering(model, answers):
        return make_policy(policy)


def require_replayable(seating: Seating) -> None:
    """Raise `UnsuitablePolicy` if somebody at the table cannot be asked again."""
    for policy in seating.policies:
        if not policy.branchable:
            raise UnsuitablePolicy(f"{policy.name!r} cannot be asked again, so this run cannot be played again")
