"""Conformance: does a game keep the contract of `core.game`? Checks by name, for every game and for yours.

    from prospect_env.core.conformance import validate
    report = validate(MyGame)
    assert report.passed, report

or `prospect validate mypkg.mymodule:MyGame`.
"""

from prospect_env.core.conformance.checks import CHECKS, Finding, Report, require_conformance, validate

__all__ = ["CHECKS", "Finding", "Report", "require_conformance", "validate"]
