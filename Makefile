# Three commands do everything on a fresh machine with Python 3.11 and make: `make demo`, `make studio` and `make test`.

PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
LIGHT := .venv-light
STUDIO := .venv-studio
# What make studio opens: make studio PHOTOS=listing
PHOTOS ?=
FULL := .venv
# Of the cores that this process may use: a container has fewer than its machine. Asked when the environment is there.
WORKERS = $(shell $(FULL)/$(BIN)/python -c "import os; print(1 + (len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1))")
TEST_LIGHT := .venv-test-light
LOWEST := .venv-lowest
DOCS := .venv-docs
# Exact versions and the digests of their files, one list for each environment; `make lock` renews them. Lower bounds are in pyproject.toml.
LOCK := scripts/lock
PIP := -m pip --disable-pip-version-check install --quiet
# Makes an environment whole or not at all, and says in a sentence what this Python lacks.
ENVIRONMENT := $(PYTHON) scripts/environment.py
# Blender as a module (GPL-3.0, 1.7 GB) has an environment of its own: nothing that ships imports it.
RENDER_ENV ?= $(HOME)/.cache/automask/render-venv
RENDERS ?= $(HOME)/.cache/automask/renders
# 1 to 899 are for training, 900 to 999 for measuring: make renders RENDERS=held-out RENDER_SEED=900 RENDER_COUNT=100
RENDER_SEED ?= 11
RENDER_COUNT ?= 5000
# Photographed materials and skies (folders materials/ and hdris/), used where the folder is there.
RENDER_ASSETS ?= ../shared/data/assets

COMPILE := .venv-lock/$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.PHONY: demo studio test test-light test-lowest lint check build lock clean docs docs-pages pictures render-env renders

## Edits the bundled kitchen: light install (no torch), pictures in out/demo.
demo: $(LIGHT)/.ready
	$(LIGHT)/$(BIN)/automask demo -o out/demo

## Opens the studio in the browser, with the bundled kitchen or PHOTOS; what is accepted goes to out/studio.
studio: $(STUDIO)/.ready
	$(STUDIO)/$(BIN)/automask studio $(PHOTOS) -o out/studio

## Everything: lint, types and all tests, in an environment of its own (about 7 GB: it holds torch).
# Many tests wait for a process that they started: one worker more than there are cores has something to do meanwhile.
test: lint
	$(FULL)/$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

## All tests that need no torch, in an environment of 0.6 GB; what is skipped is counted at the end.
test-light: $(TEST_LIGHT)/.ready
	$(TEST_LIGHT)/$(BIN)/python -m pytest -n auto -m "not slow"

## The same at the lowest versions that pyproject.toml allows.
test-lowest: $(LOWEST)/.ready
	$(LOWEST)/$(BIN)/python -m pytest -n auto -m "not slow"

## Lint, format, strict types, workflows and forms.
lint: $(FULL)/.ready
	$(FULL)/$(BIN)/ruff check .
	$(FULL)/$(BIN)/ruff format --check .
	$(FULL)/$(BIN)/mypy
	$(FULL)/$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/tests.yml .github/workflows/release.yml
	$(FULL)/$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

## The same, and the tests of layers, public surface and configuration.
check: lint
	$(FULL)/$(BIN)/python -m pytest tests/test_layers.py tests/test_surface.py tests/test_config.py

## The wheel and the source package, in dist/.
build: $(TEST_LIGHT)/.ready
	$(TEST_LIGHT)/$(BIN)/python -m build
	$(TEST_LIGHT)/$(BIN)/python -m pytest tests/test_wheel.py

$(LIGHT)/.ready: pyproject.toml $(LOCK)/build.txt $(LOCK)/light.txt
	$(ENVIRONMENT) $(LIGHT) --locked $(LOCK)/light.txt

$(STUDIO)/.ready: pyproject.toml $(LOCK)/build.txt $(LOCK)/studio.txt
	$(ENVIRONMENT) $(STUDIO) --locked $(LOCK)/studio.txt

$(FULL)/.ready: pyproject.toml $(LOCK)/build.txt $(LOCK)/full.txt
	$(ENVIRONMENT) $(FULL) --locked $(LOCK)/full.txt

$(TEST_LIGHT)/.ready: pyproject.toml $(LOCK)/build.txt $(LOCK)/test-light.txt
	$(ENVIRONMENT) $(TEST_LIGHT) --locked $(LOCK)/test-light.txt

$(LOWEST)/.ready: pyproject.toml scripts/lowest.txt
	$(ENVIRONMENT) $(LOWEST) --constraint scripts/lowest.txt --editable ".[heic,dev]"

$(DOCS)/.ready: scripts/docs-requirements.txt
	$(ENVIRONMENT) $(DOCS) --requirement scripts/docs-requirements.txt

## Renews the exact versions, for every system, from the newest that pyproject.toml allows; the smaller lists agree with the full one.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/$(BIN)/python $(PIP) uv
	$(COMPILE) --upgrade --extra all --group build --group s3 --output-file $(LOCK)/full.txt pyproject.toml
	$(COMPILE) --upgrade --constraint $(LOCK)/full.txt --output-file $(LOCK)/light.txt pyproject.toml
	$(COMPILE) --upgrade --constraint $(LOCK)/full.txt --extra studio --output-file $(LOCK)/studio.txt pyproject.toml
	$(COMPILE) --upgrade --constraint $(LOCK)/full.txt --extra heic --extra c2pa --extra dev --output-file $(LOCK)/test-light.txt pyproject.toml
	$(COMPILE) --upgrade --constraint $(LOCK)/full.txt --group build --output-file $(LOCK)/build.txt
	rm -r .venv-lock

clean:
	rm -rf $(LIGHT) $(FULL) $(TEST_LIGHT) $(LOWEST) $(DOCS) .venv-lock build dist out

## docs: the documentation as a site in build/docs; a broken link fails
docs: $(DOCS)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/$(BIN)/mkdocs build --strict --quiet
	@echo "open build/docs/index.html"

## docs-pages: the pages that repeat the code: the command line from --help, the lists of rooms from tests/test_layers.py
docs-pages: $(LIGHT)/.ready
	$(LIGHT)/$(BIN)/python scripts/docs_pages.py

## pictures: every picture of README.md and docs/, from the samples in the checkout; the page of a batch needs Chromium
pictures: $(LIGHT)/.ready
	$(LIGHT)/$(BIN)/python scripts/pictures.py

## The environment of scripts/render_rooms.
render-env: $(RENDER_ENV)/.ready

$(RENDER_ENV)/.ready:
	$(PYTHON) -m venv $(RENDER_ENV)
	$(RENDER_ENV)/bin/python $(PIP) bpy==4.2.0 numpy opencv-python-headless
	touch $@

## Renders rooms to train on, in the background and at idle priority; goes on where it stopped. Its log: $(RENDERS)/log.
renders: render-env
	mkdir -p $(RENDERS)
	nohup sh -c 'echo 19 > /proc/self/autogroup; exec "$$@"' idle nice -n 19 $(shell command -v chrt >/dev/null && echo chrt -i 0) $(RENDER_ENV)/bin/python scripts/render_rooms \
		--out $(RENDERS) --count $(RENDER_COUNT) --seed $(RENDER_SEED) --size 512x384 --aspects --samples 16 \
		--twins-every 4 --twins 1 --recolours-every 8 --recolours 2 --passes-every 4 \
		$(if $(wildcard $(RENDER_ASSETS)),--assets $(RENDER_ASSETS)) >> $(RENDERS)/log 2>&1 &
