# The four things to do here: make run, make test, make lint, make bench. Each works from a
# fresh clone; what is already installed is not installed again.

.DEFAULT_GOAL := help
.PHONY: help run test lint bench clean setup setup-dev
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash

# The first Python on the path that will do; `make run PYTHON=python3.12` chooses another.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
VENV := .venv/bin/python
# -qq: errors only.
PIP := $(VENV) -m pip install -qq --disable-pip-version-check --no-input
ARGS ?=
# All tests are shared out to several processes; what ARGS choose runs in one, unless they say -n.
PROCESSES ?= $(if $(strip $(ARGS)),0,auto)

help:
	@echo "make run    the whole system in practice mode (PORT=8000, DATA_DIR=.data can be set)"
	@echo "make test   all tests, in several processes; one: make test ARGS=\"-k name\""
	@echo "make lint   ruff and mypy"
	@echo "make bench  the benchmarks"
	@echo "make clean  removes what the above made, practice data included"

# exec: Ctrl-C and SIGTERM reach the supervisor itself. --with-parent: it ends when make is killed.
run:
	@$(MAKE) -j2 setup
	@exec $(VENV) -m config.devserver --with-parent

test:
	@$(MAKE) -j2 setup-dev
	@exec $(VENV) -m config.embedded exec -- $(VENV) -m pytest -n $(PROCESSES) $(ARGS)

lint:
	@$(MAKE) -j2 setup-dev
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy

bench:
	@$(MAKE) -j2 setup-dev
	@exec $(VENV) -m benchmarks $(ARGS)

clean:
	rm -rf .venv .assets .data node_modules .pytest_cache .mypy_cache .ruff_cache

setup: .venv/installed .assets/made
	@$(VENV) -m config.catalogs

setup-dev: .venv/installed-dev .assets/made
	@$(VENV) -m config.catalogs

.venv/installed: requirements.txt | .venv/made
	@echo "Installing Python packages ..."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt | .venv/made
	@echo "Installing Python packages, tests and tools included ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/installed

.venv/made:
	@test -n "$(PYTHON)" || { echo "Error: Python 3.11, 3.12 or 3.13 is needed and was not found;" \
		"install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Error: $(PYTHON) has no venv" \
		"module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.assets/made: package.json config/assets.py | .venv/made
	@echo "Fetching style sheets and fonts ..."
	@$(VENV) -m config.assets
	@touch $@
