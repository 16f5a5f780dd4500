# The commands of this project; `make help` lists them. Each installs what it lacks.
STACK ?= dev
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
LOCALCLOUD := PYTHONPATH=. $(PY) -m localcloud
# Modules go to three workers as wholes, in the order that tests/engine/conftest.py says: on two cores, one waits.
ENGINE := $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder
# Simulated time, for `make up` and `make down`: TIMELINE=<file.html> and SPEED=max or virtual seconds per real one.
TIMED = $(if $(SPEED),--speed "$(SPEED)") $(if $(TIMELINE),--timeline "$(TIMELINE)")
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help up preview down shell status test test-full test-unit test-chart test-engine lint format bench lock docs tools browser

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(INSTALLED): requirements-dev.lock
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or later is needed; install it, or say make PYTHON=<its path>" >&2; exit 1; }
	@echo "installing Python packages from requirements-dev.lock (about a minute)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

up: $(INSTALLED) ## build the stack on the local cloud (STACK=dev; FAULTS=<file>: docs/faults.md; TIMELINE=<file.html>: docs/timing.md)
	@$(LOCALCLOUD) up --stack $(STACK) $(if $(FAULTS),--faults "$(FAULTS)") $(TIMED)

preview: $(INSTALLED) ## show what `up` would change; needs no cluster
	@$(LOCALCLOUD) preview --stack $(STACK)

down: $(INSTALLED) ## destroy the stack and end every process (FORCE=1: throw it away as it is)
	@$(LOCALCLOUD) down --stack $(STACK) $(if $(FORCE),--force) $(TIMED)

shell: $(INSTALLED) ## a shell where pulumi, kubectl and helm work on the local cloud
	@$(LOCALCLOUD) shell --stack $(STACK)

status: $(INSTALLED) ## the local cloud's processes and their memory
	@$(LOCALCLOUD) status --stack $(STACK)

test: lint tools browser ## every test: lint, types, units, chart, engine
	$(PY) -m pytest tests/unit tests/chart -n 2
	$(ENGINE) tests/ops tests/engine

test-full: tools ## what `make test` only samples; writes docs/kill-matrix.md (about an hour and a half)
	$(ENGINE) tests/engine -m full
	$(PY) -m tests.engine.kills

test-unit: $(INSTALLED) ## the unit tests only (under a minute)
	$(PY) -m pytest tests/unit -n 2
	$(PY) -m pytest tests/ops

test-chart: tools ## the chart's tests only
	$(PY) -m pytest tests/chart -n 2

test-engine: tools browser ## the tests on the real engine and the real control plane only
	$(ENGINE) tests/engine

lint: $(INSTALLED) ## ruff and pyright
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/pyright

format: $(INSTALLED) ## format the code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

tools: $(INSTALLED) ## find or build the pinned programs (once per user)
	@PYTHONPATH=. $(PY) -m localcloud.tools >/dev/null

browser: $(INSTALLED) ## find or install the browser in which tests look at pages
	@$(PY) -m tests.browser

bench: tools ## times and memory of the main commands, and makespan / lower bound of each stack
	@PYTHONPATH=. $(PY) -m tests.bench

docs: $(INSTALLED) ## write the generated documentation anew
	@PYTHONPATH=. $(PY) -m config.reference > docs/configuration.md
	@PYTHONPATH=. $(PY) -m tests.engine.upgrades.table > docs/upgrades.md
	@PYTHONPATH=. $(PY) -m tests.engine.programs.refusals.page > docs/refusals.md

lock: $(INSTALLED) ## compile the hash-locked requirement files
	@for file in requirements requirements-dev requirements-go; do \
	  $(VENV)/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 \
	    --no-header --no-annotate --no-emit-index-url $$file.txt -o $$file.lock; done
