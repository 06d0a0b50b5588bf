# `make` alone lists the targets. Works with GNU make 3.81 and newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PICTURED := pictures networks see_it_all other_account typed what_they_wrote together listening groups # of tests/page: those that take pictures
DEMO_STAMP := $(VENV)/.installed-demo
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test both check peers simulate chaos bench pictures run lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(if $(wildcard $(STAMP)),$(STAMP),$(DEMO_STAMP)) ## try Heard without any account, with a local Slack and local networks on one page
	@$(BIN)/python -m sandbox

test: $(STAMP) ## run the checks and all tests, on SQLite and where it matters on PostgreSQL; JOBS=1: one after the other
	@$(BIN)/python -m tests $(if $(JOBS),--jobs $(JOBS))

both: $(STAMP) ## run every test on both SQLite and PostgreSQL
	@HEARD_BOTH_ENGINES=1 $(BIN)/python -m tests $(if $(JOBS),--jobs $(JOBS))

check: $(STAMP) ## lint, formatting, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

peers: $(STAMP) ## test against real servers of other people: Bluesky's PDS and AppView; see tests/peers/README.md
	@$(BIN)/python -m tests.peers

simulate: $(STAMP) ## simulate 100,000 random deliveries and 100,000 teams on three networks; takes a day or more
	$(BIN)/python -m tests.simulation --runs 100000 --jobs $(or $(JOBS),2) --seed $(or $(SEED),1)
	$(BIN)/python -m tests.simulation --team --runs $(or $(TEAMS),100000) --jobs $(or $(JOBS),2) --seed $(or $(SEED),1)

chaos: $(STAMP) ## stress test for two hours: kill processes, break networks, falsify answers; see docs/benchmarks.md
	$(BIN)/python -m tests.chaos.full

bench: $(STAMP) ## measure speed and size; see docs/benchmarks.md
	$(BIN)/python -m tests.bench

pictures: $(STAMP) ## retake the pictures of the README and the docs; needs Chromium or Chrome
	HEARD_PICTURES=docs/pictures $(BIN)/python -m pytest $(addprefix tests/page/test_,$(addsuffix .py,$(PICTURED)))

run: $(STAMP) ## start the bot in one process, with the settings in .env
	$(BIN)/python -m bot run

lock: $(STAMP) ## pin the dependencies of pyproject.toml by hash in requirements*.txt
	$(LOCK) --output-file requirements.txt
	$(LOCK) --output-file requirements-demo.txt --constraint requirements.txt --extra sandbox
	$(LOCK) --output-file requirements-dev.txt --constraint requirements.txt --extra charts --extra sandbox --extra dev
	@! grep -nE '://|^-' requirements.txt requirements-demo.txt requirements-dev.txt

clean: ## remove the virtual environment and caches; keeps databases
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements-dev.txt | $(BIN)/python
$(DEMO_STAMP): requirements-demo.txt | $(BIN)/python
$(STAMP) $(DEMO_STAMP):
	@echo "Installing $< into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "$(PYTHON) not found: install Python 3.11 or newer, or run make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is too old; Heard needs 3.11 or newer: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) lacks the venv module (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
