# The commands people type. `make help` lists them; docs/operations.md explains them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
BOOTSTRAP := .bootstrap
UV := $(BOOTSTRAP)/bin/uv
PY := .venv/bin/python
STAMP := .venv/.synced
export OMP_NUM_THREADS ?= 2
export OMP_WAIT_POLICY ?= passive
JOBS ?= 2

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(UV):
	@echo "bootstrapping uv $(UV_VERSION)"
	@python3 -m venv $(BOOTSTRAP)
	@$(BOOTSTRAP)/bin/pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

$(STAMP): requirements.lock | $(UV)
	@test -x $(PY) || $(UV) venv --quiet --python "$$(command -v python3)" .venv
	@echo "installing the pinned environment"
	@$(UV) pip sync --quiet --require-hashes --compile-bytecode --python $(PY) requirements.lock
	@touch $(STAMP)

.PHONY: env
env: $(STAMP) ## install the pinned environment into .venv

.PHONY: lock
lock: | $(UV) ## resolve pyproject.toml into requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock

.PHONY: nightly
nightly: env ## one night: make nightly [AS_OF=2026-05-20] [INPUT=folder MAPPING=file.yml]
	@$(PY) -m nightly night $(if $(AS_OF),--as-of $(AS_OF)) $(if $(INPUT),--input $(INPUT)) $(if $(MAPPING),--mapping $(MAPPING)) $(if $(DRY_RUN),--dry-run)

.PHONY: rerun
rerun: env ## read one system again for a day, publish, send the difference: make rerun SYSTEM=kingdee AS_OF=…
	@$(PY) -m nightly rerun --system "$(SYSTEM)" $(if $(AS_OF),--as-of $(AS_OF)) $(if $(DRY_RUN),--dry-run)

.PHONY: summary
summary: env ## print the summary again: make summary [AS_OF=…]
	@$(PY) -m nightly summary $(if $(AS_OF),--as-of $(AS_OF))

.PHONY: status
status: env ## did last night work, is it late, what is stale: make status [AS_OF=…]
	@$(PY) -m nightly status $(if $(AS_OF),--as-of $(AS_OF))

.PHONY: backfill
backfill: env ## past days from landing only: make backfill FROM=… TO=… [MODEL=current] [EVERY=7]
	@$(PY) -m nightly backfill --from "$(FROM)" --to "$(TO)" --model $(or $(MODEL),champion) --every $(or $(EVERY),1) $(if $(DRY_RUN),--dry-run)

.PHONY: advance
advance: env ## let the sandbox company live on: make advance DAYS=1
	@$(PY) -m nightly advance --days $(or $(DAYS),1)

.PHONY: up
up: env ## start Airflow, MLflow, the lead webhook and the sandbox in the background
	@$(PY) -m nightly up

.venv-bi/.synced: bi/requirements.lock | $(UV)
	@test -x .venv-bi/bin/python || $(UV) venv --quiet --python "$$(command -v python3)" .venv-bi
	@echo "installing Superset's pinned environment"
	@$(UV) pip sync --quiet --require-hashes --python .venv-bi/bin/python bi/requirements.lock
	@touch .venv-bi/.synced

.PHONY: bi
bi: env .venv-bi/.synced ## the pages in a browser: install Superset beside us, load the dashboards, start it on loopback
	@$(PY) -m nightly bi

.PHONY: bi-lock
bi-lock: | $(UV) ## resolve bi/requirements.in into bi/requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 bi/requirements.in -o bi/requirements.lock

.PHONY: down
down: env ## stop what our commands started
	@$(PY) -m nightly down

.PHONY: reset
reset: env ## delete all state of this working copy (asks first)
	@$(PY) -m nightly reset

.PHONY: backup
backup: env ## keep databases, models and mappings in a dated folder: make backup TO=folder
	@$(PY) -m nightly backup $(if $(TO),--to "$(TO)") $(if $(DRY_RUN),--dry-run)

.PHONY: restore
restore: env ## bring a backup back into an empty data folder: make restore FROM=folder/tenant-day
	@$(PY) -m nightly restore --from "$(FROM)" $(if $(DRY_RUN),--dry-run)

.PHONY: upgrade
upgrade: env ## take the data to the code that lies here, or leave all as it was: make upgrade TO=folder
	@$(PY) -m nightly upgrade $(if $(TO),--to "$(TO)") $(if $(NEW_MODEL),--new-model) $(if $(BACK),--back) $(if $(DRY_RUN),--dry-run)

.PHONY: test
test: env ## all tests but the soak; files side by side: JOBS=2
	@$(PY) -m pytest -n $(JOBS) --dist loadfile -m "not soak" $(ARGS)

.PHONY: soak
soak: env ## many seeds, full size, all failpoints; hours
	@$(PY) -m pytest -m soak $(ARGS)

.venv-bench/.synced: bench/requirements.lock | $(UV)
	@test -x .venv-bench/bin/python || $(UV) venv --quiet --python "$$(command -v python3)" .venv-bench
	@echo "installing the bench's pinned environment"
	@$(UV) pip sync --quiet --require-hashes --python .venv-bench/bin/python bench/requirements.lock
	@touch .venv-bench/.synced

.PHONY: bench-models
bench-models: .venv-bench/.synced ## ours beside its peers on real data: make bench-models [SETS="hotel maven"]
	@.venv-bench/bin/python -m bench $(if $(SETS),--sets $(SETS))

.PHONY: bench-forecast
bench-forecast: .venv-bench/.synced ## totals of 30 days beside their peers on real data: make bench-forecast [SETS=bpic2012]
	@.venv-bench/bin/python -m bench.forecast $(if $(SETS),--sets $(SETS))

.PHONY: bench-worlds
bench-worlds: env ## ours beside a filter-oracle in seeded sandbox companies: make bench-worlds [ARGS="--worlds 4 --scale 0.2"]
	@$(PY) -m bench.worlds $(ARGS)

.PHONY: bench-extract
bench-extract: env ## reading and landing beside their physical limits: make bench-extract [ARGS="--rounds 7 --write"]
	@$(PY) -m bench.extraction $(or $(ARGS),--write)

.PHONY: bench-pages
bench-pages: env ## P1 over 100,000 opportunities, warm, where `make bi` runs: make bench-pages [ARGS=--write]
	@$(PY) -m bench.pages $(ARGS)

.PHONY: bench-build
bench-build: env ## what a night reads and writes when 1 % changed: make bench-build [ARGS="--deals 2000"]
	@$(PY) -m bench.build $(or $(ARGS),--write)

.PHONY: bench-lock
bench-lock: | $(UV) ## resolve bench/requirements.in into bench/requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements.lock bench/requirements.in -o bench/requirements.lock

.PHONY: lint
lint: env ## ruff, mypy, import walls, sqlfluff, containers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/sqlfluff lint -q dbt_project/models dbt_project/tests
	@$(PY) -m pytest -q -p no:cacheprovider tests/architecture/test_containers.py

.PHONY: format
format: env ## rewrite the code in the house format
	@$(PY) -m ruff check --fix-only -q .
	@$(PY) -m ruff format -q .
