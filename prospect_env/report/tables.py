"""A run's numbers as tables for people: each figure with its unit, its 95% interval and what it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from prospect_env.arena.runs import Run
from prospect_env.core.registry import metrics

#: what is shown unless all is asked for; the JSON has everything
HEADLINES = (
    "return",
    "others_return",
    "cooperation",
    "welfare_efficiency",
    "factual_skill",
    "counterfactual_skill",
    "skill_gap",
    "understanding_gap",
    "self_forecast_skill",
    "magical_thinking",
    "coherence",
    "foreseen_harm",
)

#: fewer, where a policy has but one row
POOLED = (
    "return",
    "others_return",
    "cooperation",
    "welfare_efficiency",
    "factual_skill",
    "counterfactual_skill",
    "skill_gap",
    "foreseen_harm",
)

CAPTION = (
    "Under each number: its 95% interval (bootstrap by co-player instance). "
    "n: episodes in which it is defined. Empty: undefined for this policy."
)

_ARROWS = {"higher": "higher is better", "lower": "lower is better", "neither": ""}


def document(run: Run) -> dict[str, Any]:
    """Everything the tables say and all they leave out."""
    return {"folder": run.folder, **run.summary}


def tables(run: Run, every: bool = False) -> list[Table]:
    """One table a pairing, a column a seat; before them, with several pairings, one a game, a row a policy.

    `every` shows all metrics that are defined for somebody, not the headlines alone.
    """
    summary = run.summary
    shown = None if every else HEADLINES
    pairings = sorted({row["pairing"] for row in summary["seats"]})
    made = [_pairing([row for row in summary["seats"] if row["pairing"] == k], shown) for k in pairings]
    if len(pairings) < 2:
        return made
    pooled, few = summary["policies"], None if every else POOLED
    games = dict.fromkeys(row["game"] for row in pooled)
    return [_policies(game, [row for row in pooled if row["game"] == game], few) for game in games] + made


def _pairing(rows: Sequence[dict[str, Any]], shown: Sequence[str] | None) -> Table:
    seats = sorted({row["seat"] for row in rows})
    first = rows[0]
    players = " against ".join(next(row["policy"] for row in rows if row["seat"] == seat) for seat in seats)
    table = _table(f"{first['game']}: {players}", CAPTION)
    table.add_column("metric", no_wrap=True)
    table.add_column("unit")
    table.add_column("better")
    for seat in seats:
        row = next(row for row in rows if row["seat"] == seat)
        fed = "" if row["feed"] == "own" else f"\nfed {row['feed']}"
        table.add_column(_literal(f"{row['agent']}\n{row['policy']}{fed}"), justify="right")
    table.add_column("n", justify="right")
    for name in _names(rows, shown):
        of_seat = {row["seat"]: row for row in rows if row["metric"] == name}
        unit, better = _about(name)
        counts = sorted({row["rows"] for row in of_seat.values() if row["value"] is not None})
        figures = [_figure(of_seat.get(seat)) for seat in seats]
        table.add_row(name, unit, better, *figures, " to ".join(map(str, {counts[0]: 0, counts[-1]: 0})))
    return table


def _policies(game: str, rows: Sequence[dict[str, Any]], shown: Sequence[str] | None) -> Table:
    groups = list(dict.fromkeys((row["policy"], row["feed"]) for row in rows))
    names = _names(rows, shown)
    legend = "; ".join(", ".join(filter(None, (f"{name}: {_about(name)[0]}", _about(name)[1]))) for name in names)
    table = _table(f"{game}: every policy, all its pairings pooled", f"{legend}.\n{CAPTION}")
    table.add_column("policy", overflow="fold")
    fed = any(feed != "own" for _, feed in groups)
    if fed:
        table.add_column("fed")
    for name in names:
        table.add_column(name.replace("_", "\n"), justify="right")
    for policy, feed in groups:
        found = {row["metric"]: row for row in rows if (row["policy"], row["feed"]) == (policy, feed)}
        keys = [_literal(key) for key in ([policy, feed] if fed else [policy])]
        table.add_row(*keys, *(_figure(found.get(name), digits=2) for name in names))
    return table


def _table(title: str, caption: str) -> Table:
    return Table(title=_literal(title), caption=caption, title_justify="left", caption_justify="left", show_lines=True)


def _names(rows: Sequence[dict[str, Any]], shown: Sequence[str] | None) -> list[str]:
    """The metrics that are defined for somebody here."""
    defined = list(dict.fromkeys(row["metric"] for row in rows if row["value"] is not None))
    return defined if shown is None else [name for name in shown if name in defined]


def _about(name: str) -> tuple[str, str]:
    if name not in metrics:
        return "", ""  # the run was made where another package was installed
    about = metrics[name].about
    return about.unit, _ARROWS[about.direction]


def _figure(row: dict[str, Any] | None, digits: int = 3) -> str:
    if row is None or row["value"] is None:
        return ""
    interval = "" if row["low"] is None else f"\n{_number(row['low'], digits)} .. {_number(row['high'], digits)}"
    return f"{_number(row['value'], digits)}{interval}"


def _number(value: float, digits: int) -> str:
    large = (abs(value) >= 10) + (abs(value) >= 100)
    return f"{value:.{max(digits - large, 1)}f}"


def _literal(text: str) -> str:
    """`text` without what rich would take for markup: specs have lists in brackets."""
    return text.replace("[", "\\[")
