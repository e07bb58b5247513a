# One command each; `make` alone lists them. A fresh machine needs only `make demo` or `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup check sbom test coverage demo docs eval lock hashes clean

# A run of the tests starts hundreds of Pythons: their bytecode is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## a virtual environment in .venv with everything, and a CPU build of torch

$(VENV)/.installed: pyproject.toml requirements.lock requirements.hashes requirements.torch install.sh
	PYTHON=$(PYTHON) bash install.sh $(VENV)
	@touch $@

check: setup ## formatting, lint, types, imports, and what is known against the packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py

sbom: setup ## build/sbom.json, all packages with their hashes as CycloneDX
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements requirements.hashes --pyproject pyproject.toml \
		--output-reproducible --no-validate --of JSON -o build/sbom.json

BESIDE := tests/index tests/fuzz tests/eval # the half without browsers, which wait more than they work

test: setup ## the tests, in two processes
	@mkdir -p build
	@echo "$(BESIDE) run beside these: build/test-index.log"
	@$(BIN)/pytest -m "not slow" $(BESIDE) > build/test-index.log 2>&1 & index=$$!; \
	$(BIN)/pytest -m "not slow" $(BESIDE:%=--ignore %); app=$$?; \
	wait $$index; index=$$?; [ $$index = 0 ] || cat build/test-index.log; exit $$((app | index))

coverage: setup ## the tests again, and the lines and branches of the four packages that none ran
	$(BIN)/pytest -m "not slow" --cov --cov-report=term-missing:skip-covered

demo: setup ## add the sample papers, print their digests, search them, start the web UI
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash data/demo.sh

docs: setup ## docs/commands.md and docs/settings.md from the program
	$(BIN)/python docs/build.py

eval: export GLOSS_LIBRARY ?= build/eval
eval: setup ## the tests that take minutes, and measures of digests (GLOSS_LIBRARY: of yours) and of safety
	$(BIN)/pytest -m slow || [ $$? = 5 ] # 5: there are none
	[ -e "$$GLOSS_LIBRARY" ] || $(BIN)/gloss add data/*.pdf data/choosing-passage-size.md
	$(BIN)/gloss eval digests
	$(BIN)/gloss eval safety

lock: ## requirements.lock from the newest versions that pyproject.toml allows, and their hashes
	rm -rf build/lock
	PYTHON=$(PYTHON) LOCK= bash install.sh build/lock
	build/lock/bin/pip freeze --all --exclude pip --exclude-editable \
		| sed -e '/^gloss/d' -e '/^-e /d' -e 's/+cpu$$//' > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock
	$(MAKE) hashes

# Those of torch's CPU builds stand at https://download.pytorch.org/whl/cpu/torch/ (requirements.torch).
hashes: ## requirements.hashes, the files of all versions of requirements.lock
	$(PYTHON) -m venv build/uv
	build/uv/bin/pip install --quiet uv
	build/uv/bin/uv pip compile requirements.lock --no-deps --generate-hashes --universal \
		--python-version 3.11 --no-header --no-annotate --quiet -o requirements.hashes
	rm -rf build/uv

clean: ## take away .venv, build and the demo's library
	rm -rf $(VENV) build demo-library
