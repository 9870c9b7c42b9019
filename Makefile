# The only list of commands: CI and AGENTS.md use these names. Everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
NODE_TESTS := tests/typescript
BUNDLE_TOOL := tests/releasing
# One more than there are cores: many tests wait for a process.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

# Where a machine forbids bytecode, each worker would compile each test, and each server itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test coverage lint format check snapshots node bench bench-peers bench-team attacks evals build packages clean

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
	UPDATE_SNAPSHOTS=1 $(BIN)/pytest -q tests/test_tool_snapshots.py tests/test_readme.py tests/clients/test_clients_handbook.py tests/test_tool_reference.py tests/operations/test_operations_guide.py tests/releasing

node: $(NODE_TESTS)/node_modules/.package-lock.json $(BUNDLE_TOOL)/node_modules/.package-lock.json  ## Install the TypeScript clients, and the bundle's tool, for the tests

bench: .venv/.test  ## Figures as ratios against a baseline of the same run, into docs/performance.md
	PYTHONPATH=tests $(BIN)/python -m bench
	$(BIN)/python tests/bench/throughput.py
	$(BIN)/python tests/bench/cleaning.py

bench-peers: .venv/.test  ## The same work by other servers of PyPI, each in an environment of its own
	PYTHONPATH=tests $(BIN)/python -m bench.peers

bench-team: .venv/.test  ## Two replicas under 200 clients, one of them killed (needs nginx, redis-server)
	PYTHONPATH=tests $(BIN)/python -m bench.team

attacks: .venv/.test  ## The table of attacks, and a hostile ticket as a model reads it
	PYTHONPATH=tests $(BIN)/python -m attacks.table
	PYTHONPATH=tests $(BIN)/python -m attacks.side_by_side

evals: .venv/.test  ## Tasks of a support desk, by a script or MODEL=anthropic:NAME, openai:NAME (TASKS=, PART=)
	PYTHONPATH=evals $(BIN)/python -m desk_evals $(if $(MODEL),--model $(MODEL)) $(if $(PART),--part $(PART)) $(if $(JSON),--json $(JSON)) $(TASKS)

build: .venv/.quality  ## Wheel and sdist into dist/
	$(BIN)/python -m build

packages: .venv/packages/.installed node  ## All that is published, built and looked at: wheel, sdist, server.json, bundle
	PYTHONPATH=tests $(BIN)/python -m releasing

clean:  ## Remove what was installed and built
	rm -rf .venv dist build $(NODE_TESTS)/node_modules $(BUNDLE_TOOL)/node_modules

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

# Apart: what twine brings along would change how the server logs.
.venv/packages/.installed: .venv/.test
	@$(BIN)/python -m venv .venv/packages
	@.venv/packages/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.venv/packages/bin/python -m pip install --quiet --group packages
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	@cd $* && npm ci --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
