# One command each; `make` alone lists them. A fresh machine needs only `make demo` or `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup check test coverage demo eval lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## a virtual environment in .venv with everything, and a CPU build of torch

$(VENV)/.installed: pyproject.toml requirements.lock install.sh
	PYTHON=$(PYTHON) bash install.sh $(VENV)
	@touch $@

check: setup ## formatting, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup ## the tests
	$(BIN)/pytest -m "not slow"

coverage: setup ## the tests again, and the lines and branches of the four packages that none ran
	$(BIN)/pytest -m "not slow" --cov --cov-report=term-missing:skip-covered

demo: setup ## add the sample papers, print their digests, search them, start the web UI
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash data/demo.sh

eval: export GLOSS_LIBRARY ?= build/eval
eval: setup ## the tests that take minutes, and measures of digests (GLOSS_LIBRARY: of yours) and of safety
	$(BIN)/pytest -m slow || [ $$? = 5 ] # 5: there are none
	[ -e "$$GLOSS_LIBRARY" ] || $(BIN)/gloss add data/*.pdf data/choosing-passage-size.md
	$(BIN)/gloss eval digests
	$(BIN)/gloss eval safety

lock: ## requirements.lock from the newest versions that pyproject.toml allows
	rm -rf build/lock
	PYTHON=$(PYTHON) LOCK= bash install.sh build/lock
	build/lock/bin/pip freeze --exclude-editable \
		| sed -e '/^gloss/d' -e '/^-e /d' -e 's/+cpu$$//' > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock

clean: ## take away .venv, build and the demo's library
	rm -rf $(VENV) build demo-library
