# Two commands do everything on a fresh machine with Python 3.11 and make: `make demo` and `make test`.

PYTHON ?= python3
LIGHT := .venv-light
FULL := .venv
# Exact versions; `make lock` renews them. Lower bounds are in pyproject.toml.
LOCK := scripts/lock.txt
# Blender as a module (GPL-3.0, 1.7 GB) has an environment of its own: nothing that ships imports it.
RENDER_ENV ?= $(HOME)/.cache/automask/render-venv
RENDERS ?= $(HOME)/.cache/automask/renders
# 1 to 899 are for training, 900 to 999 for measuring: make renders RENDERS=held-out RENDER_SEED=900 RENDER_COUNT=100
RENDER_SEED ?= 11
RENDER_COUNT ?= 5000
# Photographed materials and skies (folders materials/ and hdris/), used where the folder is there.
RENDER_ASSETS ?= ../shared/data/assets
PIP := -m pip --disable-pip-version-check install --quiet

.PHONY: demo test check lock clean render-env renders

## Edits the bundled kitchen: light install (no torch), pictures in out/demo.
demo: $(LIGHT)/.ready
	$(LIGHT)/bin/automask demo -o out/demo

## Everything: lint, types and all tests, in an environment of its own (some 7 GB: it holds torch).
test: check
	$(FULL)/bin/python -m pytest -n auto

## Lint, format, strict types, and the tests of layers, public surface and configuration.
check: $(FULL)/.ready
	$(FULL)/bin/ruff check .
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/mypy
	$(FULL)/bin/python -m pytest tests/test_layers.py tests/test_surface.py tests/test_config.py

$(LIGHT)/.ready: pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python $(PIP) --constraint $(LOCK) --editable .
	touch $@

$(FULL)/.ready: pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/python $(PIP) --constraint $(LOCK) --editable ".[models,ray,heic,c2pa,dev]"
	touch $@

## Renews the exact versions from the newest that pyproject.toml allows.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python $(PIP) --editable ".[models,ray,heic,c2pa,dev]"
	.venv-lock/bin/python -m pip freeze --exclude-editable > $(LOCK)
	rm -r .venv-lock

## The environment of scripts/render_rooms.
render-env: $(RENDER_ENV)/.ready

$(RENDER_ENV)/.ready:
	$(PYTHON) -m venv $(RENDER_ENV)
	$(RENDER_ENV)/bin/python $(PIP) bpy==4.2.0 numpy opencv-python-headless
	touch $@

## Renders rooms to train on, in the background and at idle priority; goes on where it stopped. Its log: $(RENDERS)/log.
renders: render-env
	mkdir -p $(RENDERS)
	nohup nice -n 19 $(shell command -v chrt >/dev/null && echo chrt -i 0) $(RENDER_ENV)/bin/python scripts/render_rooms \
		--out $(RENDERS) --count $(RENDER_COUNT) --seed $(RENDER_SEED) --size 512x384 --aspects --samples 16 \
		--twins-every 4 --twins 1 --recolours-every 8 --recolours 2 --passes-every 4 \
		$(if $(wildcard $(RENDER_ASSETS)),--assets $(RENDER_ASSETS)) >> $(RENDERS)/log 2>&1 &

clean:
	rm -rf $(LIGHT) $(FULL) .venv-lock build dist out

# Documentation and pictures.
BIN ?= bin
DOCS := .venv-docs
.PHONY: docs docs-pages pictures

## docs: the documentation as a site in build/docs; a broken link fails
docs: $(DOCS)/.ready
	NO_MKDOCS_2_WARNING=1 $(DOCS)/$(BIN)/mkdocs build --strict --quiet
	@echo "open build/docs/index.html"

$(DOCS)/.ready: scripts/docs-requirements.txt
	$(PYTHON) -m venv --clear $(DOCS)
	$(DOCS)/$(BIN)/python -m pip --disable-pip-version-check install --quiet --requirement scripts/docs-requirements.txt
	touch $@

## docs-pages: the pages that repeat the code: the command line from --help, the lists of rooms from tests/test_layers.py
docs-pages: $(LIGHT)/.ready
	$(LIGHT)/$(BIN)/python scripts/docs_pages.py

## pictures: every picture of README.md and docs/, from the samples in the checkout; the page of a batch needs Chromium
pictures: $(LIGHT)/.ready
	$(LIGHT)/$(BIN)/python scripts/pictures.py
