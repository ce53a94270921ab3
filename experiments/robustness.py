"""Does a language model play and foresee as well when the same game is told in other words, or with idle sentences?

Every instance v is one set of amounts, told in textbook words (`canonical`), in other words (`variant`: names, labels,
order, currency, phrasing, frames in turn), in textbook words among sentences that provably change nothing
(`distracted`), and in textbook words with the lines of the history shuffled (`shuffled`): a control in which the
actions are known, but not what answered what. All four are played on the same numbers with the same luck, in two
matches that list the options in opposite orders, against each co-player.

`drop` is canonical minus told otherwise, with the 95% bootstrap interval of instances. The mixed model (restricted
maximum likelihood; Laird and Ware 1982) is score ~ arm + co-player + order, with a random effect of the instance and
one of each telling of it: their standard deviations say how much the score depends on the amounts and on the wording
drawn, beside that of single matches.

    python experiments/robustness.py [--model NAME] [--variants N] [--modes direct,scot,plan] [--rounds T] [--json]
"""

from __future__ import annotations

import json
import warnings
from itertools import product
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_agents.language.formats import prompt_format
from prospect_agents.language.policy import lm
from prospect_agents.language.story_format import Instances
from prospect_env import make_game, play
from prospect_env.core.episodes import Episodes
from prospect_env.core.game import Game
from prospect_env.core.registry import stories
from prospect_env.metrics.intervals import cluster_bootstrap
from prospect_env.metrics.realised import realised_sums
from prospect_env.metrics.scores import OTHERS, QUANTITIES
from prospect_env.stories.distractors import KINDS
from prospect_env.stories.fitting import fitting

ARMS = ("canonical", "variant", "distracted", "shuffled")
OUTCOMES = ("return", "skill")
SPREADS = ("sd_instance", "sd_wording", "sd_match")
TURNS = 2  #: matches an instance: the options in one order, and in the other


def tellings(game: Game, v: int, distractors: int, seed: int) -> dict[str, str]:
    """How instance `v` is told in each arm, as prompt formats."""
    frames = fitting(game)
    frame, number = frames[v % len(frames)], 1 + v // len(frames)
    drawn = stories["story"](game, frame=frame, variant=number, seed=seed).story
    canonical = f"story:frame=canonical,scale={drawn.scale},shift={drawn.shift}"
    return {
        "canonical": canonical,
        "variant": f"story:frame={frame},variant={number},seed={seed}",
        "distracted": f"{canonical},distractors={distractors},kind={KINDS[v % len(KINDS)]},seed={seed + v}",
        "shuffled": f"{canonical},shuffled=true",
    }


def scores(episodes: Episodes) -> dict[str, list[float]]:
    """Of each match: the payoff a round, and the lead-1 Brier skill against uniform of what happened after the choice.

    Against co-players that follow a rule without chance, skill on what happened is skill in expectation.
    """
    sums = realised_sums(episodes)
    assert sums is not None
    about = sums[:, 0, 1, OTHERS]
    brier, uniform = about[:, QUANTITIES.index("brier")], about[:, QUANTITIES.index("uniform")]
    mass = {number: [call.mass for call in episodes.calls if call.match == number] for number in episodes.episode}
    return {
        "return": (episodes.rewards[:, :, 0].sum(axis=1) / episodes.length).tolist(),
        "skill": (1 - brier / uniform).tolist(),
        "mass": [float(np.mean(mass[number])) for number in episodes.episode],
    }


def drop(told: pd.DataFrame, outcome: str, arm: str) -> dict[str, Any]:
    """One line of the table: means, paired drop with its interval, and the mixed model."""
    mean = told.pivot_table(values=outcome, index="instance", columns="arm", aggfunc="mean")
    parts = np.stack([mean["canonical"] - mean[arm], np.ones(len(mean))], axis=1)
    paired = cluster_bootstrap(parts, mean.index.to_numpy(), lambda sums: sums[:, 0] / sums[:, 1])
    means = {"canonical": float(mean["canonical"].mean()), "told_otherwise": float(mean[arm].mean())}
    return {**means, "drop": paired._asdict(), **mixed(told[told["arm"].isin(["canonical", arm])], outcome)}


def mixed(rows: pd.DataFrame, outcome: str) -> dict[str, Any]:
    """The drop and standard deviations of the mixed model; nan where scores do not vary or it finds no solution."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    # Nothing is known of the spread of what never varies, or of a single instance.
    unknown = {**dict.fromkeys(["model_drop", *SPREADS], float("nan")), "converged": False}
    if np.ptp(rows[outcome]) < 1e-9 or rows["instance"].nunique() < 2:
        return unknown
    data = rows.assign(y=rows[outcome], otherwise=(rows["arm"] != "canonical").astype(float))
    wording = {"wording": "0 + C(otherwise)"}
    with warnings.catch_warnings():
        # A standard deviation of 0 is on the edge of what is possible, which statsmodels warns of.
        warnings.simplefilter("ignore")
        try:
            model = MixedLM.from_formula(
                "y ~ otherwise + C(other) + C(turn)", data, groups="instance", re_formula="1", vc_formula=wording
            )
            fit = model.fit(reml=True, method=["lbfgs", "powell"])
        except np.linalg.LinAlgError:
            return unknown
    return {
        "model_drop": -float(fit.fe_params["otherwise"]),
        "sd_instance": float(np.sqrt(fit.cov_re.iloc[0, 0])),
        "sd_wording": float(np.sqrt(fit.vcomp[0])),
        "sd_match": float(np.sqrt(fit.scale)),
        "converged": bool(fit.converged),
    }


def played(
    chunk: range, games: list[str], others: list[str], modes: list[str], model: str, rounds: int, extra: int, seed: int
) -> list[dict[str, Any]]:
    """The matches of some instances, one a row; instances are told side by side, so that a model reads many at once."""
    rows: list[dict[str, Any]] = []
    # Numbers of matches fix their luck, which instance they are and, odd or even, the order of options.
    matches = np.arange(TURNS * chunk.start, TURNS * chunk.stop)
    for name, mode, other in product(games, modes, others):
        game = make_game(name, rounds=rounds)
        told = [tellings(game, v, extra, seed) for v in range(chunk.stop)]
        for arm in ARMS:
            instances = Instances([prompt_format(one[arm]) for one in told], TURNS)
            policy = lm(model=model, mode=mode, format=instances, rows="asked")
            found = scores(play(game, [policy, other], episodes=matches, seed=seed))
            about = {"game": name, "mode": mode, "other": other, "arm": arm}
            for at, match in enumerate(matches.tolist()):
                which = {"instance": match // TURNS, "turn": match % TURNS}
                rows.append({**about, **which, **{k: x[at] for k, x in found.items()}})
    return rows


def printed(lines: list[dict[str, Any]], title: str) -> None:
    """The table, for people."""
    table = Table(title=title)
    for column in ("game", "mode", "score", "told", "canonical", "so told", "drop [95%]", *SPREADS):
        table.add_column(column, justify="left" if column in ("game", "mode", "score", "told") else "right")
    for line in lines:
        cut = line["drop"]
        numbers = [line["canonical"], line["told_otherwise"], *(line[name] for name in SPREADS)]
        first, second, *spread = (f"{number:.2f}" for number in numbers)
        if not line["converged"]:
            spread = [f"({number})" for number in spread]
        shown = f"{cut['value']:.2f} [{cut['low']:.2f}, {cut['high']:.2f}]"
        table.add_row(line["game"], line["mode"], line["outcome"], line["arm"], first, second, shown, *spread)
    Console(width=150).print(table)
    print("In parentheses: the mixed model is undefined or did not converge.")


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    variants: Annotated[int, typer.Option(help="instances", min=1)] = 50,
    modes: Annotated[str, typer.Option(help="of lm, separated by commas")] = "direct,scot,plan",
    games: Annotated[str, typer.Option(help="matrix games")] = "prisoners_dilemma,battle_of_the_sexes",
    others: Annotated[str, typer.Option(help="co-players without chance")] = "tit_for_tat,reverse_tit_for_tat",
    rounds: Annotated[int, typer.Option(help="rounds of a match", min=2)] = 10,
    distractors: Annotated[int, typer.Option(help="idle sentences in the distracted arm", min=1)] = 5,
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    chunk: Annotated[int, typer.Option(help="instances played side by side", min=1)] = 10,
    minutes: Annotated[float, typer.Option(help="after the first, begin no chunk that would end later")] = np.inf,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Play all arms, compare each with the canonical one, and print."""
    names, against = games.split(","), others.split(",")
    rows: list[dict[str, Any]] = []
    longest, started, done = 0.0, perf_counter(), 0
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for first in progress.track(range(0, variants, chunk), description="playing"):
            begun = perf_counter()
            if done and begun - started + longest > 60 * minutes:
                break
            some = range(first, min(first + chunk, variants))
            rows += played(some, names, against, modes.split(","), model, rounds, distractors, seed)
            longest, done = max(longest, perf_counter() - begun), some.stop
    table = pd.DataFrame(rows)
    lines = [
        {"game": game, "mode": mode, "outcome": outcome, "arm": arm, **drop(told, outcome, arm)}
        for (game, mode), told in table.groupby(["game", "mode"], sort=False)
        for outcome, arm in product(OUTCOMES, ARMS[1:])
    ]
    mass = {arm: float(found) for arm, found in table.groupby("arm", sort=False)["mass"].mean().items()}
    sample = {"model": model, "instances": done, "instances_asked_for": variants, "rounds": rounds, "seed": seed}
    sample |= {"others": against, "matches_a_telling": TURNS * len(against), "distractors": distractors}
    if as_json:
        # JSON knows no nan.
        text = json.dumps({"sample": sample, "label_mass": mass, "lines": lines}, indent=2)
        print(text.replace("NaN", "null"))
        return
    sampled = f"{done} of {variants} instances, {TURNS * len(against)} matches a telling, {rounds} rounds, seed {seed}"
    printed(lines, f"{model} against {others}: {sampled}")
    print("Label mass: " + ", ".join(f"{arm} {found:.2f}" for arm, found in mass.items()))


if __name__ == "__main__":
    typer.run(main)
