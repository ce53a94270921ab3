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

from prospect_env import make_game, make_policy
from prospect_env.core.chance import episode_seeds
from prospect_env.core.players import Players, RealSource, choice_probs
from prospect_env.core.position import active, chance, imagined, view
from prospect_env.core.unfold import PredictorSource, Unfolding, unfold

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
Scores = dict[str, dict[str, float]]


def expected_brier(said: Unfolding, truth: Unfolding) -> NDArray[np.float64]:
    """S(p, q) of what seat 1 does next, for each own action of seat 0, `[B, A]`."""
    p, q = said.probs[:, 1, :, 1], truth.probs[:, 1, :, 1]
    # S(p, q) = sum_r q_r |p - e_r|^2 = |p|^2 - 2 p.q + 1
    return np.asarray((p**2).sum(-1) - 2 * (p * q).sum(-1) + 1)


def skills(actor: str, opponents: int, seed: int) -> dict[str, dict[str, float]]:
    """Factual and counterfactual skill of the predictor that rides on `actor`, by column of the table."""
    rider = make_policy(f"forecasting:actor=({actor}),predictor=bayes")
    # One round more than is scored, so that the last scored choice is still answered.
    game = make_game("prisoners_dilemma", rounds=ROUNDS + 1)
    players = Players(game, {0: rider, 1: make_policy("random_memory_one")})
    at = players.begin(episode_seeds(seed, opponents))
    source = PredictorSource(game, rider.predictor, 0)  # type: ignore[attr-defined]
    sums = {column: np.zeros((2, 2)) for column in KNOWN}
    for played in range(ROUNDS):
        now = active(game, at)
        turn = players.turn(at, now)
        actions = np.stack([turn.decisions[seat].action for seat in (0, 1)], axis=1)
        if played >= SKIPPED:
            node = imagined(view(game, at, 0, now), chance(at, 0), {"predictor": at.memories[0].predictor})
            move = np.zeros((opponents, 2, 2))
            move[np.arange(opponents), 1, actions[:, 1]] = 1.0
            move[:, 0] = 0.5
            known = {"tensor": (None, choice_probs(players, at, now, turn)), "one_step": (move, move)}
            for column, (told, real) in known.items():
                scores = expected_brier(unfold(source, node, 0, told), unfold(RealSource(players, 0), at, 0, real))
                taken = np.arange(2) == actions[:, :1]
                # The constant forecast of 1/2 scores .5 whatever happens.
                sums[column] += [[scores[taken].sum(), 0.5 * taken.sum()], [scores[~taken].sum(), 0.5 * (~taken).sum()]]
        at, _ = players.advance(game, at, actions, now)
    return {
        column: dict(zip(("factual", "counterfactual"), (1 - total[:, 0] / total[:, 1]).tolist(), strict=True))
        for column, total in sums.items()
    }


def main(
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    opponents: Annotated[int, typer.Option(help="opponents an actor meets")] = 4000,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Print the table, beside the known one."""
    found = {actor: skills(spec, opponents, seed) for actor, spec in ACTORS.items()}
    table: dict[str, Scores] = {column: {actor: found[actor][column] for actor in ACTORS} for column in KNOWN}
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
