"""Every check by name, in the order in which they are made, and the report they make up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from prospect_env.core.conformance import chances, knowledge, purity, rules
from prospect_env.core.conformance.walk import MATCHES, Walk
from prospect_env.core.errors import InvalidGame
from prospect_env.core.game import Game, GameSpec

Check = Callable[[Walk], str | None]

#: what each check asks of a game: one line in a function's docstring; it returns what is wrong, or None
CHECKS: dict[str, Check] = {
    "shapes": rules.shapes,
    "legal": rules.legal,
    "ends": rules.ends,
    "horizon": rules.horizon,
    "payoffs": rules.payoffs,
    "executed": rules.executed,
    "observation": rules.observation,
    "hide_believe": knowledge.hide_believe,
    "observation_of_known": knowledge.observation_of_known,
    "legal_of_known": knowledge.legal_of_known,
    "pure": purity.pure,
    "take_put": purity.take_put,
    "batch_invariance": purity.batch_invariance,
    "inactive_ignored": purity.inactive_ignored,
    "pickle": purity.pickles,
    "executed_probabilities": chances.executed_probabilities,
    "executed_frequencies": chances.executed_frequencies,
    "noiseless": chances.noiseless,
    "deterministic": chances.deterministic,
}


class Finding(NamedTuple):
    """One check of one game; `reason` says what is wrong where it failed."""

    check: str
    asks: str
    passed: bool
    reason: str


class Report(NamedTuple):
    """Every check of a game."""

    game: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.passed for finding in self.findings)

    def __str__(self) -> str:
        wrong = [f"{finding.check}: {finding.reason}" for finding in self.findings if not finding.passed]
        return f"{self.game}: " + ("; ".join(wrong) if wrong else f"{len(self.findings)} checks passed")


def validate(
    game: Game | Callable[[], Game],
    names: Iterable[str] | None = None,
    matches: int = MATCHES,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Make all checks (or those named) of a game, or of what builds one without arguments.

    A game that cannot be built fails the check `builds` and no other is made. `progress` is told how many
    checks are done, and how many there are.
    """
    what = getattr(game, "__name__", type(game).__name__)
    try:
        built = game if isinstance(game, Game) else game()
        wrong = _is_game(built)
    except Exception as error:  # noqa: BLE001  (somebody else's code may raise anything; that it raised is the finding)
        built, wrong = None, _said(error)
    if wrong is not None or built is None:
        return Report(what, (Finding("builds", "A game comes out, with a spec that holds.", False, str(wrong)),))
    findings = [Finding("builds", "A game comes out, with a spec that holds.", True, "")]
    walk = Walk(built, np.arange(matches))
    wanted = list(CHECKS if names is None else names)
    for done, name in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted))
        findings.append(_made(name, walk))
    return Report(built.spec.name, tuple(findings))


def require_conformance(game: Game | Callable[[], Game]) -> None:
    """Raise `InvalidGame` that says everything wrong with a game."""
    report = validate(game)
    if not report.passed:
        raise InvalidGame(str(report))


def _made(name: str, walk: Walk) -> Finding:
    check = CHECKS[name]
    asks = (check.__doc__ or name).strip().splitlines()[0]
    try:
        reason = check(walk)
    except Exception as error:  # noqa: BLE001  (as above)
        reason = _said(error)
    return Finding(name, asks, reason is None, reason or "")


def _is_game(built: object) -> str | None:
    if not isinstance(built, Game):
        return f"what was built is a {type(built).__name__}, not a Game"
    if not isinstance(getattr(built, "spec", None), GameSpec):
        return "it has no spec that is a GameSpec"
    return None


def _said(error: Exception) -> str:
    return f"it raised {type(error).__name__}: {error}"
