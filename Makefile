# The only list of commands: CI and AGENTS.md use these names. Everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
NODE_TESTS := tests/typescript
BUNDLE_TOOL := tests/releasing
NODE_GATES := tests/gates
# What must hold, the quickest first. PARTS are parts of the suite, each by its mark; `coverage` runs
# them all, `test` those that are not heavy.
PARTS := listings generated budgets error-table canaries properties
GATES := style types imports coverage conformance inspector wheel
# One more than there are cores: many tests wait for a process.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

# Where a machine forbids bytecode, each worker would compile each test, and each server itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: $(GATES) $(PARTS) prove-gates
.PHONY: help demo test heavy lint format check snapshots node bench bench-peers bench-team bench-analytics endurance malformed attacks evals build packages clean

help:  ## Say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.product  ## Play a short real session against the embedded workspace
	@$(BIN)/python -m mcp_server_zendesk demo

test: .venv/.test  ## Run the tests that this machine can run, without the heavy ones
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not heavy" $(TESTS)

heavy: .venv/.test  ## Those: browsers, disks that fill up, kills, object stores
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m heavy $(TESTS)

coverage: .venv/.test  ## All of them under branch coverage, with a floor and no stale exemption
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report $(COVERED)
	PYTHONPATH=tests $(BIN)/python -m gates.exemptions

listings:  ## Each tool's listing as it is kept is what the code says
generated:  ## So are the generated parts of the documentation
budgets:  ## Tools, descriptions and bytes that a model is given, and no more
error-table:  ## Each exception has its explanation
canaries:  ## No secret, and nobody's words, where they do not belong
properties:  ## What holds for whatever Hypothesis thinks of

$(PARTS): MARK = $(subst -,_,$@)
properties: MARK = hypothesis
$(PARTS): .venv/.test
	$(BIN)/pytest --quiet -m $(MARK) $(TESTS)

conformance: .venv/.test $(NODE_TESTS)/node_modules/.package-lock.json $(NODE_GATES)/node_modules/.package-lock.json  ## The protocol's own suite, three revisions, over HTTP
	$(BIN)/pytest --quiet $(NODE_GATES)/conformance.py

inspector: .venv/.test $(NODE_TESTS)/node_modules/.package-lock.json $(NODE_GATES)/node_modules/.package-lock.json  ## The MCP Inspector's strict check, over stdio
	$(BIN)/pytest --quiet $(NODE_GATES)/inspector.py

wheel: .venv/.test $(NODE_TESTS)/node_modules/.package-lock.json  ## The wheel in a clean environment, with all clients
	$(BIN)/pytest --quiet $(NODE_GATES)/wheel.py

style: .venv/.quality  ## ruff, every rule
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.quality  ## mypy, strict, of the tests too
	$(BIN)/mypy

imports: .venv/.quality  ## The arrows between the rooms
	$(BIN)/lint-imports

lint: style types imports  ## What needs no test

format: .venv/.quality  ## Let ruff write
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: $(GATES)  ## All gates

prove-gates: .venv/.quality $(NODE_TESTS)/node_modules/.package-lock.json $(NODE_GATES)/node_modules/.package-lock.json  ## Damage a copy for each gate, and see that gate fail
	PYTHONPATH=tests $(BIN)/python -m gates.prove $(ONLY)

snapshots: .venv/.test  ## Write the tool snapshots and the generated parts of README.md anew
	UPDATE_SNAPSHOTS=1 $(BIN)/pytest --quiet -m listings  # the documentation is made from them
	UPDATE_SNAPSHOTS=1 $(BIN)/pytest --quiet -m generated
	UPDATE_SNAPSHOTS=1 $(BIN)/pytest --quiet tests/releasing

node: $(NODE_TESTS)/node_modules/.package-lock.json $(NODE_GATES)/node_modules/.package-lock.json $(BUNDLE_TOOL)/node_modules/.package-lock.json  ## Install the TypeScript clients, the protocol's own test programs and the bundle's tool

bench: .venv/.test  ## Figures as ratios against a baseline of the same run, into docs/performance.md
	PYTHONPATH=tests $(BIN)/python -m bench
	$(BIN)/python tests/bench/throughput.py
	$(BIN)/python tests/bench/cleaning.py

bench-peers: .venv/.test  ## The same work by other servers of PyPI, each in an environment of its own
	PYTHONPATH=tests $(BIN)/python -m bench.peers

bench-team: .venv/.test  ## Two replicas under 200 clients, one of them killed (needs nginx, redis-server)
	PYTHONPATH=tests $(BIN)/python -m bench.team

bench-analytics: .venv/.test  ## 200,000 tickets synced with three kills, asked, and counted again (TICKETS=20000 shortens)
	PYTHONPATH=tests $(BIN)/python -m bench.analytics --tickets $(or $(TICKETS),200000) $(if $(CHARTS),--charts $(CHARTS))

endurance: .venv/.test  ## An hour of calls with faults and kills, reconciled (SECONDS=1200 shortens)
	PYTHONPATH=tests $(BIN)/python -m bench.endurance --seconds $(or $(SECONDS),3600)

malformed: .venv/.test  ## Ten thousand bad messages and calls, each answered and explained
	PYTHONPATH=tests $(BIN)/python -m malformed

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
	rm -rf .venv dist build $(NODE_TESTS)/node_modules $(NODE_GATES)/node_modules $(BUNDLE_TOOL)/node_modules

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
