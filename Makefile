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
	@$(UV) pip sync --quiet --require-hashes --python $(PY) requirements.lock
	@touch $(STAMP)

.PHONY: env
env: $(STAMP) ## install the pinned environment into .venv

.PHONY: lock
lock: | $(UV) ## resolve pyproject.toml into requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements.lock
