# A few recipes; continuous integration calls the same ones.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
MODEL := smollm2-135m

.DEFAULT_GOAL := help
.PHONY: help setup model demo test check format clean

help: ## list these recipes
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv as constraints.txt pins it; nothing to do while it is up to date

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 setup")'
	@echo "Setting up .venv (about a minute, plus the downloads)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --constraint constraints.txt hatchling editables
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --no-build-isolation --editable '.[llm,stats,dev]'
	@touch $@

model: setup ## fetch the small language model, unless it is there
	@$(BIN)/prospect models pull $(MODEL)

demo: model ## score the forecasts of a real language model
	@$(BIN)/python experiments/demo.py

test: model ## run the tests, on at most four cores
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

check: setup ## lint, format, types, import contracts, and whether generated docs are fresh
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest --quiet tests/docs

format: setup ## let ruff put the code in order
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## remove .venv, caches and builds, but no runs
	@rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find agents experiments prospect_env tests -name __pycache__ -prune -exec rm -rf {} +
