# The verbs of this project. `make install` is all a new machine needs; every other target uses it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
# Three for each processor: many tests wait for real processes.
PROCESSES ?= $(shell expr 3 '*' `nproc 2>/dev/null || echo 2`)
TESTS ?=

# Checks look at settings, not at your data; and at settings as they are in production.
CHECK = export DATA_DIR=$(VENV)/scratch; env $$($(BIN)/python manage.py keys)
PRODUCTION = HTTPS=on BEHIND_PROXY=on ALLOWED_HOSTS=calendar.example.com

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade

.DEFAULT_GOAL := help
.PHONY: help install demo up sandbox test check e2e bench chaos format lock

help: ## Say what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP) ## Make .venv from the locked requirements

$(STAMP): requirements/uv.txt requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Calendar Admin needs Python 3.11 or newer: apt-get install python3 python3-venv python3-pip" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Calendar Admin needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Name another with PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Calendar Admin needs Python's venv: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/uv.txt requirements/dev.txt
	@touch $(STAMP)

demo: $(STAMP) ## Run everything with sample data and a sandbox instead of Rokt
	@exec $(BIN)/python manage.py demo

up: $(STAMP) ## Run it for real on this machine: web app, worker and clock
	@exec $(BIN)/python manage.py up

sandbox: $(STAMP) ## Run the stand-in for Rokt and Braze alone
	@exec $(BIN)/python manage.py sandbox

test: $(STAMP) ## Run the tests: no servers, no network, no browser (one file: make test TESTS=tests/liquid)
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --maxschedchunk 2 $(TESTS)

check: $(STAMP) ## Format, lint, types, import rules, templates, settings, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	find templates -name '*.html' -print0 | xargs -0r $(BIN)/djade --check --target-version 5.2
	$(CHECK) $(BIN)/python manage.py check
	$(CHECK) $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(CHECK) $(BIN)/python manage.py makemigrations --check --dry-run

e2e: $(STAMP) ## Drive the pages with a real browser
	@command -v chromium >/dev/null || { echo "The browser tests need Chromium: apt-get install chromium" >&2; exit 1; }
	$(BIN)/python -m pytest -m e2e --numprocesses auto --dist loadfile $(or $(TESTS),tests/e2e)

bench: $(STAMP) ## Measure what the product exists for, beside its peers
	$(BIN)/python -m benchmarks

chaos: $(STAMP) ## Send through kills, freezes, restarts and faults (CHAOS="--seeds 1 --stack sqlite+files")
	$(BIN)/python -m tests.chaos $(CHAOS)

format: $(STAMP) ## Lay out code and templates
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	find templates -name '*.html' -print0 | xargs -0r $(BIN)/djade --target-version 5.2

lock: $(STAMP) ## Choose the newest versions that pyproject.toml allows, with hashes
	echo uv | $(COMPILE) --output-file requirements/uv.txt -
	$(COMPILE) --output-file requirements/run.txt pyproject.toml
	$(COMPILE) --output-file requirements/dev.txt --constraint requirements/run.txt --group dev pyproject.toml
