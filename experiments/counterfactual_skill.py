"""A perfect record on the path may know nothing off it: the exact Bayes predictor, scored on the actions not taken.

Reproduces a known table: an exact Bayes predictor rides on five fixed policies in the prisoner's dilemma, against
memory-one opponents with parameters drawn from U(0,1), and is scored in rounds 51-100 by expected Brier skill against
the constant forecast of 1/2. `tensor` scores the lead-1 rows of the forecast tensor, in which the other's simultaneous
move is not known; `one_step` scores the same predictor when it is told the joint move.

    python experiments/counterfactual_skill.py [--seed S] [--opponents N] [--json]
"""

from __future__ import annotations

import json
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from prospect_agents.prospective import forecasting
from prospect_env import make_game, make_policy, play
from prospect_env.core.chance import episode_seeds
from prospect_env.core.players import Players, RealSource
from prospect_env.core.position import active, chance, imagined, view
from prospect_env.core.unfold import PredictorSource, unfold

ACTORS = {
    "always_defect": "always_defect",
    "always_cooperate": "always_cooperate",
    "cooperate_5_percent": "random:p=.05",
    "tit_for_tat": "tit_for_tat",
    "random": "random:p=.5",
}
#: (factual, counterfactual) as three independent implementations had it, within .01
KNOWN = {
    "tensor": dict(zip(ACTORS, [(0.27, 0.00), (0.27, 0.00), (0.25, 0.11), (0.26, 0.17), (0.21, 0.21)], strict=True)),
    "one_step": dict(zip(ACTORS, [(0.34, 0.00), (0.35, 0.00), (0.33, 0.15), (0.35, 0.24), (0.31, 0.31)], strict=True)),
}
SKIPPED, ROUNDS = 50, 100
# One round more than is scored, so that the last scored choice is still answered.
GAME = make_game("prisoners_dilemma", rounds=ROUNDS + 1)
RIDER = "forecasting:actor=({}),predictor=bayes"


def expected_brier(p: NDArray[np.floating], q: NDArray[np.floating]) -> NDArray[np.float64]:
    """S(p, q) = sum_r q_r |p - e_r|^2 = |p|^2 - 2 p.q + 1 over the last axis."""
    said, true = p.astype(np.float64), q.astype(np.float64)
    return np.asarray((said**2).sum(-1) - 2 * (said * true).sum(-1) + 1)


def pooled(scores: NDArray[np.float64], taken: NDArray[np.bool_]) -> dict[str, float]:
    """Skill over the constant forecast of 1/2, which scores .5 whatever happens, on actions taken and not taken."""
    return {"factual": 1 - float(scores[taken].mean()) / 0.5, "counterfactual": 1 - float(scores[~taken].mean()) / 0.5}


def tensor(actor: str, opponents: int, seed: int) -> dict[str, float]:
    """The lead-1 rows of the forecast tensor about the opponent, as `play` records and branches them."""
    policies = [RIDER.format(actor), "random_memory_one"]
    episodes = play(GAME, policies, episodes=opponents, seed=seed, branch="all", block=1000)
    late = slice(SKIPPED, ROUNDS)
    scores = expected_brier(episodes.forecast[:, late, 0, 1, :, 1], episodes.truth[:, late, 0, 1, :, 1])  # type: ignore[index]
    return pooled(scores, np.arange(2) == episodes.actions[:, late, 0, None])


def one_step(actor: str, opponents: int, seed: int) -> dict[str, float]:
    """The same rows given the joint move: the opponent's simultaneous choice is told to forecast and truth alike."""
    rider = forecasting(actor, "bayes")
    players = Players(GAME, {0: rider, 1: make_policy("random_memory_one")})
    at = players.begin(episode_seeds(seed, opponents))
    source = PredictorSource(GAME, rider.predictor, 0)
    scores, taken = [], []
    for played in range(ROUNDS):
        now = active(GAME, at)
        turn = players.turn(at, now)
        actions = np.stack([turn.decisions[seat].action for seat in (0, 1)], axis=1)
        if played >= SKIPPED:
            node = imagined(view(GAME, at, 0, now), chance(at, 0), {"predictor": at.memories[0].predictor})
            move = (actions[:, :, None] == np.arange(2)).astype(np.float64)
            said, true = unfold(source, node, 0, move), unfold(RealSource(players, 0), at, 0, move)
            scores.append(expected_brier(said.probs[:, 1, :, 1], true.probs[:, 1, :, 1]))
            taken.append(np.arange(2) == actions[:, :1])
        at, _ = players.advance(GAME, at, actions, now)
    return pooled(np.stack(scores), np.stack(taken))


def main(
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    opponents: Annotated[int, typer.Option(help="opponents an actor meets")] = 4000,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Print the table, beside the known one."""
    columns = {"tensor": tensor, "one_step": one_step}
    table = {
        name: {actor: column(spec, opponents, seed) for actor, spec in ACTORS.items()}
        for name, column in columns.items()
    }
    if as_json:
        print(json.dumps(table, indent=2))
        return
    print(f"Expected Brier skill of exact Bayes, rounds {SKIPPED + 1}-{ROUNDS}, {opponents} opponents, seed {seed}")
    for column, rows in table.items():
        print(f"\n{column:>22}   factual (known)   counterfactual (known)")
        for actor, row in rows.items():
            known = KNOWN[column][actor]
            print(f"{actor:>22} {row['factual']:9.3f} ({known[0]:.2f}) {row['counterfactual']:14.3f} ({known[1]:.2f})")


if __name__ == "__main__":
    typer.run(main)
