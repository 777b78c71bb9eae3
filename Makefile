# What a developer or a newcomer types. Everything installs itself; nothing needs root but Chromium
# for the browser tests, which is taken from the system where it is there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run install parts leaktest test lint fmt bench lock messages screenshots clean

run: $(VENV)/.run
	$(BIN)/waypost demo

install: $(VENV)/.run

# What running needs, from the lock file, hashes checked
$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Waypost needs Python 3.11 or newer; set PYTHON=" >&2; exit 1; }
	@echo "Installing into $(VENV) …"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# What developing and testing need besides
$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# Real servers to test against: Meilisearch, PostgreSQL, Chromium, other people's fediverse software
parts: $(VENV)/.dev
	$(BIN)/python -m tests.support.install

test: lint parts
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Random histories against a naive oracle, as many steps as you like
STEPS ?= 2000
SEED ?= 1
JOBS ?= 1
leaktest: $(VENV)/.dev
	$(BIN)/python -m tests.leak --steps $(STEPS) --seed $(SEED) --jobs $(JOBS)

bench: parts
	$(BIN)/python -m bench

# Pictures of the main pages for the README
screenshots: parts
	$(BIN)/python -m tests.support.screenshots

# After a change of what pages say: new messages into the catalogues, to be translated there
messages: $(VENV)/.dev
	$(BIN)/python -m web.messages

# After a change of pyproject.toml: pins with hashes, and no word about where they come from
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock: $(VENV)/.dev
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --extra dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
