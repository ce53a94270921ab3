"""The checkout keeps its promises: layout, light imports, pins, and commands that agree with each other."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = ("torch", "transformers", "matplotlib", "duckdb")


def pins() -> dict[str, str]:
    """Versions by canonical name, as constraints.txt has them."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def requirements() -> list[Requirement]:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    lists = [project["dependencies"], *extras.values(), PROJECT["build-system"]["requires"]]
    return [Requirement(line) for lines in lists for line in lines]


def recipes() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def test_source_roots_are_no_packages():
    # An agents/__init__.py would shadow another distribution's package of that name.
    assert (ROOT / "agents" / "prospect_agents" / "__init__.py").is_file()
    assert not (ROOT / "agents" / "__init__.py").exists()
    assert not (ROOT / "experiments" / "__init__.py").exists()


def test_importing_the_package_imports_nothing_heavy():
    code = "import json, sys; import prospect_env; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    modules = json.loads(output)
    assert "prospect_env" in modules
    assert [name for name in HEAVY if name in modules] == []


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_pinned(requirement):
    version = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version)


def test_what_requirements_require_is_pinned_too():
    names = {canonicalize_name(requirement.name) for requirement in requirements()}
    todo, unpinned = list(names), set()
    while todo:
        name = todo.pop()
        unpinned |= {name} - pins().keys()
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # an extra that `make setup` leaves out
            continue
        # Which accelerator libraries torch needs differs by platform.
        needed = [Requirement(line) for line in lines if name != "torch"]
        new = {canonicalize_name(r.name) for r in needed if not r.marker or r.marker.evaluate({"extra": ""})} - names
        names |= new
        todo += new
    assert unpinned == set()


def test_pins_are_exact_and_portable():
    assert pins()["torch"] == "2.13.0"
    # One release each: no range, no local version, no address.
    assert [pin for pin in pins().items() if not re.fullmatch(r"[0-9][0-9a-z.]*", pin[1])] == []


def test_readme_names_recipes_that_exist():
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"(?:^\s*(?:\$ )?|`)make ([a-z]+)", readme, flags=re.MULTILINE)
    assert {"demo", "test"} <= set(commands) <= recipes()


@pytest.mark.parametrize("failing", [None, "check", "test"])
def test_ci_calls_two_recipes_and_nothing_else(tmp_path, failing):
    # With nothing but this `make` on the path, any other command would be reported as not found.
    bash = shutil.which("bash")
    make = tmp_path / "make"
    make.write_text(f'#!{bash}\necho "$PWD $*"\n[ "$1" != "{failing}" ]\n')
    make.chmod(0o755)
    run = subprocess.run(
        [bash, ROOT / ".ci" / "run"], check=False, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert run.stdout.splitlines() == [f"{ROOT} check", f"{ROOT} test"]
    assert run.stderr == ""
    assert (run.returncode == 0) == (failing is None)
    assert {"check", "test"} <= recipes()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_licence_is_the_one_declared():
    assert PROJECT["project"]["license"] == "Apache-2.0"
    licence = (ROOT / "LICENSE").read_text().split()
    assert " ".join(licence[:4]) == "Apache License Version 2.0,"
    assert "APPENDIX:" in licence
