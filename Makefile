# What a newcomer needs: `make demo`, then `make test`. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= nvidia-openai-10gw

.PHONY: help demo test lint types bench docs soak clean

help:
	@echo "make demo    install, plan the flagship scenario, say where the report is"
	@echo "make test    install what tests need, then lint, types, layers and all tests"
	@echo "make bench   speed of plan(), of the command and of a large scenario: table and bench.json"
	@echo "make docs    build the documentation into site/"
	@echo "make clean   remove .venv, caches and built pages (runs/ is kept)"

# One stamp for each set of extras; a changed pyproject.toml installs again.
$(VENV)/.all: pyproject.toml
	@$(PYTHON) tools/make_venv.py $(VENV) all
$(VENV)/.dev: pyproject.toml
	@$(PYTHON) tools/make_venv.py $(VENV) dev

demo: $(VENV)/.all
	@$(BIN)/gigawatt plan $(SCENARIO) --runs runs/demo

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

test: lint types
	@$(PYTHON) tools/debian_packages.py chromium soffice
	$(BIN)/pytest

soak: $(VENV)/.dev
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest tests/properties tests/reliability

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

docs: $(VENV)/.dev
	$(BIN)/python -m tools.reference_pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "documentation: site/index.html"

clean:
	rm -rf $(VENV) site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
