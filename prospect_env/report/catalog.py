"""What there is, by name, with a line about each: the tables of `prospect list`."""

from __future__ import annotations

import inspect
from typing import Any

from prospect_env.core.errors import ProspectError
from prospect_env.core.registry import Registry, feeds, games, metrics, policies

REGISTRIES: dict[str, Registry] = {"games": games, "policies": policies, "metrics": metrics, "feeds": feeds}

#: what `prospect models` does is in another distribution, for this one knows nothing of language models
models = Registry("model command", group="prospect_env.models")


def listing(kind: str) -> list[dict[str, Any]]:
    """One row per registered thing of this kind: `name`, `parameters` or `unit` and `direction`, and `about`.

    Of `stories`, one row per game: `name` and `stories`, the frames there are for it.
    """
    if kind == "stories":
        return [{"name": name, "stories": ", ".join(_stories(name))} for name in games]
    registry = REGISTRIES[kind]
    return [{"name": name, **_row(kind, registry, name)} for name in registry]


def _row(kind: str, registry: Registry, name: str) -> dict[str, Any]:
    try:
        thing = registry[name]
    except (ImportError, AttributeError, ProspectError) as error:
        # One package that is broken or lacks an extra must not hide what the others offer.
        return {"about": f"cannot be loaded: {error}"}
    if kind == "metrics":
        return _metric_row(thing)
    return {"parameters": _parameters(thing), "about": summary_line(thing)}


def _metric_row(metric: Any) -> dict[str, Any]:
    about = metric.about
    facts = {key: getattr(about, key) for key in ("unit", "range", "direction", "formula", "source", "undefined")}
    needs = {"runs": dict(metric.runs)} if hasattr(metric, "runs") else {}
    # Several metrics are made by one function, which has no words for each; its formula has.
    said = summary_line(metric.function) if getattr(metric, "function", None) else ""
    return {**facts, **needs, "about": said or about.formula}


def _stories(game: str) -> tuple[str, ...]:
    from prospect_env.stories.frames import frames

    try:
        return frames(game)
    except (ImportError, AttributeError, ProspectError):
        return ()  # `prospect list games` says what is wrong with it


def summary_line(thing: Any) -> str:
    """The first line of what `thing` says of itself."""
    text = (thing.__doc__ if isinstance(getattr(thing, "__doc__", None), str) else None) or inspect.getdoc(thing) or ""
    return inspect.cleandoc(text).partition("\n")[0]


def _parameters(thing: Any) -> str:
    """The parameters of a builder as a user may give them: `rounds=10, discount=1.0`."""
    shown = []
    for name, parameter in inspect.signature(thing).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            shown.append("...")
        elif parameter.default is inspect.Parameter.empty:
            shown.append(name)
        elif not isinstance(parameter.default, tuple | list | dict):
            shown.append(f"{name}={parameter.default}")
        else:
            shown.append(f"{name}=[...]")
    return ", ".join(shown)


def model_rows() -> list[dict[str, Any]]:
    """The language models known by a short name: `name`, `license`, `parameters`, `source`, `here`."""
    return [
        {
            "name": found.entry.name,
            "parameters": found.entry.parameters,
            "license": found.entry.license,
            "source": f"{found.entry.wheel} {found.entry.version}",
            "folder": None if found.folder is None else str(found.folder),
        }
        for found in models["available"]()
    ]
