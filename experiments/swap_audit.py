"""Is the prediction used, and what is it worth? Forecast swaps, in the prompt and in front of the planner.

*use*: at positions that the model reaches itself in mode `scot`, each label is written before its question, once as a
prediction and once as a placebo of the same length. Use is how much more the prediction moves the choice towards its
best response, over a game and its twin (the same payoffs, own labels swapped) and every turn of labels; priming is how
much the placebo moves it towards the label. *returns*: the same episodes with another forecast in place of the own
one, for modes that read it (`scot`) and that plan by it. *agreement*: is what the model says it does what its own
forecasts imply by a planner? 95% bootstrap intervals clustered by episode, uncorrected; what they do not tell from 0 is
called so.

    python experiments/swap_audit.py [--model NAME] [--formats A,B] [--episodes N] [--rounds T] [--out DIR] [--json]
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from prospect_agents.language.audit import choices, prompt_audit
from prospect_agents.language.twins import twins
from prospect_env import make_game
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.arena.swaps import FEEDS, WORTH, return_audit, worth
from prospect_env.metrics import Interval
from prospect_env.metrics.agreement import agreement
from prospect_env.metrics.use import FIGURES, rows

GAMES = ("coordination", "prisoners_dilemma", "chicken", "battle_of_the_sexes")
TWIN = "anti_coordination"  #: the twin of coordination, a game of its own where returns are compared
OTHERS = "tit_for_tat,random_memory_one"
PARTS = ("use", "agreement", "returns")
LEAST = 0.005  #: movements smaller than this are printed as 0, and read as none


def parameters(name: str, rounds: int) -> tuple[str, dict[str, Any]]:
    """The registered game that goes by this name here, and its parameters."""
    if name != TWIN:
        return name, {"rounds": rounds}
    return "coordination", {"rounds": rounds, "payoffs": twins(make_game("coordination"))[1].payoffs.tolist()}


def told(model: str, mode: str, format: str) -> str:
    """The policy, as a spec string."""
    return f"lm:model={model},mode={mode},format=({format})"


def used(model: str, formats: list[str], others: list[str], sample: dict[str, Any], bar: Progress) -> list[Any]:
    """What predictions in the prompt do, by format and game."""
    lines = []
    for told_by in bar.track(formats, description="writing predictions into prompts"):
        for name in GAMES:
            game = make_game(name, rounds=sample["rounds"])
            steps = [step for step in sample["steps"] if step < sample["rounds"]]
            policy = told(model, "scot", told_by)
            found = prompt_audit(policy, game, others, sample["episodes"], sample["seed"], steps)
            lines += [{"format": told_by, **row} for row in rows(found)]
    return lines


def agreed(model: str, formats: list[str], others: list[str], sample: dict[str, Any], bar: Progress) -> list[Any]:
    """What the model says it does beside what its forecasts imply, by format and game."""
    lines = []
    for told_by in bar.track(formats, description="asking outright and by forecast"):
        for name in (*GAMES, TWIN):
            rules, given = parameters(name, sample["rounds"])
            game = make_game(rules, **given)
            steps = [step for step in sample["steps"] if step < sample["rounds"]]
            policy = told(model, "scot", told_by)
            found = choices(policy, game, others, episodes=sample["episodes"], seed=sample["seed"], steps=steps)
            lines.append({"format": told_by, "game": name, "positions": len(found.cluster), **agreement(*found)})
    return lines


def earned(model: str, format: str, modes: list[str], others: list[str], sample: dict[str, Any], out: Path,
           bar: Progress) -> list[Any]:  # fmt: skip
    """What other forecasts change in returns, by mode and game, played as a run."""
    cells = [(mode, name) for mode in modes for name in (*GAMES, TWIN)]
    pairings: list[dict[str, Any]] = []
    for mode, name in cells:
        game, given = parameters(name, sample["rounds"])
        for other in others:
            seats = [told(model, mode, format), other]
            feeds: list[dict[int, str]] = [{} if feed == "own" else {0: feed} for feed in FEEDS]
            pairings += [{"policies": seats, "game": game, "parameters": given, "feeds": fed} for fed in feeds]
    config = configure({"name": out.name, "pairings": pairings, "episodes": sample["episodes"], "seed": sample["seed"]})
    task = bar.add_task("playing on other forecasts", total=len(pairings) * sample["episodes"])
    done = run(config, out, force=True, progress=lambda at, _: bar.update(task, completed=at))
    lines, number = [], 0
    for mode, name in cells:
        played = []
        for _ in others:
            played.append({feed: done.episodes(number + at) for at, feed in enumerate(FEEDS)})
            number += len(FEEDS)
        lines.append({"mode": mode, "game": name, "feeds": return_audit(played), "worth": worth(played)})
    return lines


def shown(found: Interval) -> str:
    """`.12 [.10, .15]`; a dash where it is undefined."""
    if np.isnan(found.value):
        return "–"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def verdict(found: Interval) -> str:
    """What the interval allows to be said of use."""
    if np.isnan(found.value):
        return "undefined: one best response whatever is predicted"
    if found.low <= 0 <= found.high:
        return "null: not told from 0"
    if abs(found.value) < LEAST:
        return f"null: told from 0, but less than {LEAST:g}"
    return "used" if found.value > 0 else "turned round"


def table(title: str, names: list[str], lines: list[list[str]], texts: int) -> Table:
    """A table whose first `texts` columns are words."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(names):
        made.add_column(name, justify="left" if number < texts else "right", no_wrap=number >= texts)
    for line in lines:
        made.add_row(*line)
    return made


def use_table(found: list[Any]) -> Table:
    """What predictions in the prompt do, twins together and apart."""
    lines = []
    for row in found:
        whole = row["turn"] is None
        twin = "all" if whole else ("anti-coordination" if row["turn"] else "coordination")
        about = [row["format"], row["game"], twin, verdict(row["use"]) if whole else ""]
        lines.append([*about, *(shown(row[name]) for name in FIGURES), f"{row['mass']:.2f}", f"{row['longer']:+.0f}"])
    names = ["told by", "game", "twin", "reading", *FIGURES, "mass", "longer"]
    return table("Is a prediction in the prompt used? Movements of choice probabilities", names, lines, 4)


def agreement_table(found: list[Any]) -> Table:
    """What is said beside what the forecasts imply."""
    names = ["agreement", "kappa", "total_variation"]
    lines = [[row["format"], row["game"], *(shown(row[name]) for name in names)] for row in found]
    return table("Does it do what its own forecasts imply?", ["told by", "game", *names], lines, 2)


def return_tables(found: list[Any]) -> list[Table]:
    """What other forecasts change, and what the own ones are worth."""
    figures = ["return", "gain", "others", "others_gain"]
    lines = [
        [line["mode"], line["game"], row["feed"], *(shown(row[name]) for name in figures)]
        for line in found
        for row in line["feeds"]
    ]
    worths = [[line["mode"], line["game"], *(shown(one) for one in line["worth"].values())] for line in found]
    changes = table("What other forecasts change, in payoff a match", ["mode", "game", "fed", *figures], lines, 3)
    return [changes, table("What its forecasts are worth, in payoff a match", ["mode", "game", *WORTH], worths, 2)]


def printed(document: dict[str, Any]) -> None:
    """The tables, for people, with what a reader needs to read them."""
    console = Console(width=190)
    if document["use"]:
        console.print(use_table(document["use"]))
        console.print("\n".join(f"{name}: {meaning}." for name, meaning in FIGURES.items()))
        console.print(
            "mass: probability of any label. longer: tokens by which a prediction is longer than its placebo, at "
            "most. A dash: undefined.\n"
        )
    if document["agreement"]:
        console.print(agreement_table(document["agreement"]))
        console.print("kappa: agreement beyond chance (Cohen 1960), 0 is chance; a dash: it always does the same.\n")
    for one in return_tables(document["returns"]) if document["returns"] else ():
        console.print(one)


def plain(found: Any) -> Any:
    """For JSON: intervals by name, lists and dicts all the way down."""
    if isinstance(found, Interval):
        return found._asdict()
    if isinstance(found, dict):
        return {key: plain(value) for key, value in found.items()}
    return [plain(value) for value in found] if isinstance(found, list) else found


def main(
    model: Annotated[str, typer.Option(help="fake, a known model, a folder or a hub id")] = "smollm2-135m",
    modes: Annotated[str, typer.Option(help="of lm, whose returns are compared")] = "scot,plan",
    formats: Annotated[str, typer.Option(help="how matches are told; returns: the first")] = "reaction_log,round_log",
    others: Annotated[str, typer.Option(help="co-players, separated by commas")] = OTHERS,
    parts: Annotated[str, typer.Option(help="of use, agreement and returns")] = ",".join(PARTS),
    episodes: Annotated[int, typer.Option(help="episodes a co-player", min=2)] = 20,
    rounds: Annotated[int, typer.Option(help="rounds an episode", min=2)] = 6,
    steps: Annotated[str, typer.Option(help="steps at which prompts are swapped, from 0")] = "0,2,4",
    seed: Annotated[int, typer.Option(help="seed of the run")] = 0,
    out: Annotated[Path, typer.Option(help="folder of the run")] = Path("runs/swap_audit"),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Ask, play and print."""
    wanted, told_as, against = parts.split(","), formats.split(","), others.split(",")
    for part in wanted:
        if part not in PARTS:
            raise typer.BadParameter(f"parts has {part!r}; it may have {', '.join(PARTS)}")
    sample: dict[str, Any] = {"episodes": episodes, "rounds": rounds, "seed": seed}
    sample["steps"] = [int(step) for step in steps.split(",")]
    document: dict[str, Any] = {"sample": {"model": model, "formats": told_as, "others": against, **sample}}
    with Progress(console=Console(stderr=True), transient=True, disable=as_json) as bar:
        document["use"] = used(model, told_as, against, sample, bar) if "use" in wanted else []
        document["agreement"] = agreed(model, told_as, against, sample, bar) if "agreement" in wanted else []
        document["returns"] = (
            earned(model, told_as[0], modes.split(","), against, sample, out, bar) if "returns" in wanted else []
        )
    text = json.dumps(plain(document), indent=2).replace("NaN", "null")
    out.mkdir(parents=True, exist_ok=True)
    (out / "audit.json").write_text(text + "\n", encoding="utf-8")
    if as_json:
        print(text)
        return
    print(
        f"{model} against {', '.join(against)}: {episodes} episodes of {rounds} rounds a co-player, seed {seed}."
        f" Prompts are swapped at steps {steps}."
    )
    printed(document)
    print(f"It is all in {out}.")


if __name__ == "__main__":
    typer.run(main)
