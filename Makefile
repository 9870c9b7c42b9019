# The only list of commands: CI and AGENTS.md use these names. Everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
NODE_TESTS := tests/typescript
# One more than there are cores: many tests wait for a process.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

# Where a machine forbids bytecode, each worker would compile each test, and each server itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test coverage lint format check snapshots node bench bench-team endurance malformed attacks build clean

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.product  ## Play a short real session against the embedded workspace
	@$(BIN)/python -m mcp_server_zendesk demo

test: .venv/.test  ## Run all tests that this machine can run
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

coverage: .venv/.test  ## The same under branch coverage, with a floor
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/.quality  ## Style, strict types, and the arrows between the rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.quality  ## Let ruff write
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: lint test coverage  ## All gates

snapshots: .venv/.test  ## Write the tool snapshots and the generated parts of README.md anew
	UPDATE_SNAPSHOTS=1 $(BIN)/pytest -q tests/test_tool_snapshots.py tests/test_readme.py tests/clients/test_clients_handbook.py tests/test_tool_reference.py tests/operations/test_operations_guide.py

node: $(NODE_TESTS)/node_modules/.package-lock.json  ## Install the TypeScript clients for the tests

bench: .venv/.test  ## Figures as ratios against a baseline of the same run
	$(BIN)/python tests/bench/bench.py
	$(BIN)/python tests/bench/throughput.py
	PYTHONPATH=tests $(BIN)/python tests/bench/tasks.py
	$(BIN)/python tests/bench/cleaning.py

bench-team: .venv/.test  ## Two replicas under 200 clients, one of them killed (needs nginx, redis-server)
	PYTHONPATH=tests $(BIN)/python -m bench.team

endurance: .venv/.test  ## An hour of calls with faults and kills, reconciled (SECONDS=1200 shortens)
	PYTHONPATH=tests $(BIN)/python -m bench.endurance --seconds $(or $(SECONDS),3600)

malformed: .venv/.test  ## Ten thousand bad messages and calls, each answered and explained
	PYTHONPATH=tests $(BIN)/python -m malformed

attacks: .venv/.test  ## The table of attacks, and a hostile ticket as a model reads it
	PYTHONPATH=tests $(BIN)/python -m attacks.table
	PYTHONPATH=tests $(BIN)/python -m attacks.side_by_side

build: .venv/.quality  ## Wheel and sdist into dist/
	$(BIN)/python -m build

clean:  ## Remove what was installed and built
	rm -rf .venv dist build $(NODE_TESTS)/node_modules

.venv/.product: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.test: .venv/.product
	@$(BIN)/python -m pip install --quiet --group test
	@touch $@

.venv/.quality: .venv/.test
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(NODE_TESTS)/node_modules/.package-lock.json: $(NODE_TESTS)/package-lock.json
	@cd $(NODE_TESTS) && npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
