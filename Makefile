# Easel. Each target sets up what it needs; a fresh clone needs Python 3.11 or newer and make.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/pins.txt
# Torch's threads spin while they wait for each other: more of them than cores make every process slow.
export OMP_NUM_THREADS ?= 2
# End-to-end tests run alone: they are many processes already.
TEST_PROCESSES ?= 2

.PHONY: help run demo test properties soak check bench test-compose fix weights clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/run.stamp: requirements/pins.txt requirements/base.in requirements/trusted.in requirements/bot.in requirements/provisioner.in requirements/flower.in requirements/run.in
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@echo "Installing the control plane (no torch) …"
	@$(PIP) -r requirements/run.in
	@touch $@

$(VENV)/gpu.stamp: $(VENV)/run.stamp requirements/gpu.in requirements/sandbox.in
	@echo "Installing torch, diffusers and the sandbox (about 6 GB) …"
	@$(PIP) -r requirements/gpu.in -r requirements/sandbox.in
	@touch $@

$(VENV)/dev.stamp: $(VENV)/gpu.stamp requirements/dev.in
	@echo "Installing the tools for tests and checks …"
	@$(PIP) -r requirements/dev.in
	@touch $@

run: $(VENV)/run.stamp  ## the system for real on this machine, from .env
	@if grep -qsE '^EASEL_LOCAL_WORKER=(1|true)' .env; then $(MAKE) --no-print-directory $(VENV)/gpu.stamp; fi
	@exec $(BIN)/python -m config run

demo: $(VENV)/gpu.stamp  ## the whole system against a local Discord and a local Vast; ONCE=1 ends after one picture
	@exec $(BIN)/python -m sandbox.demo $(if $(ONCE),--once)

test: export OMP_NUM_THREADS = 1
test: $(VENV)/dev.stamp weights  ## every test but the containers'; TEST_ARGS=… runs a part
ifdef TEST_ARGS
	@$(BIN)/python -m pytest $(TEST_ARGS)
else
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile -m "not e2e"
	@$(BIN)/python -m pytest -m e2e
endif

properties: $(VENV)/dev.stamp  ## five minutes of faults and crashes in any order against the real fleet loop; says how many
	@$(BIN)/python -m tests.properties --minutes 5

soak: export OMP_NUM_THREADS = 1
soak: $(VENV)/dev.stamp weights  ## duds, a lying list and an outage of ten minutes (OUTAGE_S=…) on real processes that are killed
	@EASEL_SOAK_OUTAGE_S=$(or $(OUTAGE_S),600) $(BIN)/python -m pytest tests/e2e/test_misfortunes.py --durations=0

weights: $(VENV)/gpu.stamp  ## the tiny SDXL that tests and demo draw with
	@$(BIN)/python -m sandbox.weights.build_tiny_sdxl

check: $(VENV)/dev.stamp  ## ruff, mypy strict, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/python -m config check --files-only

fix: $(VENV)/dev.stamp  ## format, and mend what ruff can mend safely
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/dev.stamp weights  ## speed and memory as ratios against a named baseline
	@$(BIN)/python -m benchmarks

test-compose: $(VENV)/run.stamp  ## build the images, bring everything up against the sandbox, draw one picture
	@$(BIN)/python -m tests.compose

clean:  ## forget local data (not .env)
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
