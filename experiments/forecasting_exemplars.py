"""Can forecasting itself be learned in context? Scored exemplars from other matches, against the same shuffled.

Before its own match a model is shown 0, 4 or 16 exemplars: a few rounds of a match with somebody else, what an exact
Bayesian forecast was, what came, and its score. In the control the outcomes (and with them the scores) are dealt out
among the exemplars anew, as few as can be where they were: the same labels and the same form, without what they teach.
Opponents are memory-one with parameters from U(0,1), drawn anew for every episode; the model rides on a random actor.
Expected Brier skill of lead-1 rows against uniform, early and late, with the 95% bootstrap interval of opponents;
differences are paired.

    python experiments/forecasting_exemplars.py [--opponents N] [--rounds T] [--out DIR] [--json]
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_env import make_game, play
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.core.episodes import Episodes
from prospect_env.core.registry import metrics
from prospect_env.metrics import Interval, cluster_bootstrap

COUNTS = (0, 4, 16)
SHOWN = 6  #: rounds of an exemplar before the one that is forecast
OPPONENT = "random_memory_one"


class Exemplar(NamedTuple):
    """Lines of a log, the forecast for the last of them, and the label that came."""

    lines: tuple[str, ...]
    cue: str
    forecast: tuple[float, float]
    outcome: int

    def text(self, outcome: int) -> str:
        """The exemplar as it is written, with this outcome and its score, `1 - Brier / 2`."""
        score = 1 - ((self.forecast[0] - (outcome == 0)) ** 2 + (self.forecast[1] - (outcome == 1)) ** 2) / 2
        a, b = self.forecast
        forecast = f"Forecast after {self.cue}: A {a:.2f}, B {b:.2f}.\n"
        return "".join(self.lines) + forecast + f"{self.cue} -> {'AB'[outcome]}\nScore: {score:.2f}.\n\n"


def exemplars(count: int, seed: int) -> list[Exemplar]:
    """Of matches that nobody else plays, as a random actor had them, with what exact Bayes said."""
    game = make_game("prisoners_dilemma", rounds=SHOWN + 2)
    numbers = np.arange(10_000, 10_000 + max(count, 1))
    played = play(game, ["forecasting:actor=random,predictor=bayes", OPPONENT], episodes=numbers, seed=seed)
    assert played.forecast is not None
    found = []
    for episode in range(count):
        own, other = played.executed[episode, :, 0], played.executed[episode, :, 1]
        moves = [f"{'AB'[a]} {'AB'[b]}" for a, b in zip(own, other, strict=True)]
        lines = [f"{a} -> {b[-1]}\n" for a, b in pairwise(moves[: SHOWN + 1])]
        # What was foreseen, at step SHOWN, of the answer to what was done then.
        said = played.forecast[episode, SHOWN, 0, 1, own[SHOWN], 1]
        found.append(Exemplar(tuple(lines), moves[SHOWN], (float(said[0]), float(said[1])), int(other[SHOWN + 1])))
    return found


def dealt(outcomes: list[int], seed: int) -> list[int]:
    """The same outcomes in another order: of many shuffles, the one that leaves the fewest where they were."""
    luck = Random(seed)
    orders = [luck.sample(outcomes, len(outcomes)) for _ in range(1000)]
    return max(orders, key=lambda order: sum(a != b for a, b in zip(order, outcomes, strict=True)))


def preamble(count: int, shuffled: bool, seed: int) -> str:
    """What is written before a match."""
    shown = exemplars(count, seed)
    outcomes = [one.outcome for one in shown]
    if shuffled:
        outcomes = dealt(outcomes, seed)
    return "".join(one.text(outcome) for one, outcome in zip(shown, outcomes, strict=True))


def skill_parts(episodes: Episodes) -> np.ndarray:
    """Sums of scores and of the reference's, of all rows about the other at lead 1, an episode a row."""
    return np.asarray(sum(metrics[name].parts(episodes)[:, 0] for name in ("factual_skill", "counterfactual_skill")))


def skill(parts: np.ndarray, episode: np.ndarray) -> Interval:
    """Pooled skill."""
    return cluster_bootstrap(parts, episode, lambda sums: 1 - sums[:, 0] / sums[:, 1])


def difference(one: np.ndarray, other: np.ndarray, episode: np.ndarray) -> Interval:
    """Pooled skill of one minus that of the other, the same opponents drawn again for both."""
    both = np.concatenate([one, other], axis=1)
    return cluster_bootstrap(both, episode, lambda s: s[:, 2] / s[:, 3] - s[:, 0] / s[:, 1])


def compared(runs: dict[tuple[int, bool], Episodes], rounds: int) -> list[dict[str, Any]]:
    """The lines of the table: early and late rounds, by number of exemplars."""
    lines: list[dict[str, Any]] = []
    for name, (start, stop) in {"early": (0, 5), "late": (5, rounds - 1)}.items():
        parts = {arm: skill_parts(one.between(start, stop)) for arm, one in runs.items()}
        episode = runs[0, False].episode
        for count in COUNTS:
            line: dict[str, Any] = {"rounds": f"{start + 1}-{stop}", "when": name, "exemplars": count}
            line["skill"] = skill(parts[count, False], episode)._asdict()
            if count:
                line["shuffled"] = skill(parts[count, True], episode)._asdict()
                line["gain"] = difference(parts[count, False], parts[0, False], episode)._asdict()
                line["gain_over_shuffled"] = difference(parts[count, False], parts[count, True], episode)._asdict()
            lines.append(line)
    return lines


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    opponents: Annotated[int, typer.Option(help="opponents, one an episode", min=2)] = 60,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=6)] = 20,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 11,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/forecasting_exemplars"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play, score and print."""
    arms = [(0, False)] + [(count, shuffled) for count in COUNTS[1:] for shuffled in (False, True)]
    out.mkdir(parents=True, exist_ok=True)
    runs: dict[tuple[int, bool], Episodes] = {}
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        task = bar.add_task("playing", total=len(arms) * opponents)
        for count, shuffled in arms:
            text = preamble(count, shuffled, seed)
            file = out / f"exemplars-{count}{'-shuffled' if shuffled else ''}.txt"
            file.write_text(text, encoding="utf-8")
            predictor = f"lm:model={model},format=joint_log" + (f",preamble=file:{file}" if text else "")
            config = configure(
                {
                    "name": file.stem, "game": "prisoners_dilemma", "parameters": {"rounds": rounds}, "branch": "all",
                    "policies": [f"forecasting:actor=random,predictor=({predictor})", OPPONENT],
                    "episodes": opponents, "seed": seed, "shard": 20,
                }
            )  # fmt: skip
            done = run(config, out / file.stem, force=True, progress=lambda *_: None)
            bar.advance(task, opponents)
            runs[count, shuffled] = done.episodes(0)
    lines = compared(runs, rounds)
    sample = {"model": model, "opponents": opponents, "rounds": rounds, "seed": seed, "opponent": OPPONENT}
    if as_json:
        print(json.dumps({"sample": sample, "lines": lines}, indent=2).replace("NaN", "null"))
        return
    table = Table(title=f"{model}: skill of forecasting after exemplars ({opponents} opponents, seed {seed})")
    heads = ("rounds", "exemplars", "skill", "shuffled outcomes", "gain over none", "gain over shuffled")
    for head in heads:
        table.add_column(head, justify="right")
    for line in lines:
        cells = [
            "{value:.2f} [{low:.2f}, {high:.2f}]".format(**line[name]) if name in line else "–"
            for name in ("skill", "shuffled", "gain", "gain_over_shuffled")
        ]
        table.add_row(line["rounds"], str(line["exemplars"]), *cells, end_section=line["exemplars"] == COUNTS[-1])
    Console(width=150).print(table)
    taught = [line for line in lines if line["exemplars"] and line["gain_over_shuffled"]["low"] > 0]
    if taught:
        print(
            "What exemplars teach is more than their form: "
            + ", ".join(f"{x['exemplars']} {x['when']}" for x in taught)
        )
    else:
        print("A null result: exemplars help no more than the same with shuffled outcomes.")
    print(f"It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
