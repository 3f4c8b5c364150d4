# What one does with this repository. `make` alone lists it.

VENV := .venv
BIN := $(VENV)/bin
PACKAGING := setup.cfg pyproject.toml pmdaemon/__init__.py
CHECKED := pmdaemon tests bench examples
# Much of the time tests wait for programs, hence a worker more than cores; PYTEST_ARGS="-n 0 -k reload" and the like narrow a run.
PYTEST_ARGS ?= -n 3 --dist worksteal

PORT ?= 3000
WEB_PORT ?= 9615

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

.PHONY: run
run: $(VENV)/.installed ## install, keep the example Node server running, and show what to type next
	@PORT=$(PORT) WEB_PORT=$(WEB_PORT) scripts/try

.PHONY: test
test: $(VENV)/.dev $(VENV)/.system ## run all tests, installing what they need
	$(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: check
check: $(VENV)/.dev ## format, lint, types, imports, tests: what has to be clean
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy pmdaemon tests/fakes bench
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

.PHONY: format
format: $(VENV)/.dev ## lay out the code, and mend what the linter can
	$(BIN)/ruff format $(CHECKED)
	$(BIN)/ruff check --fix $(CHECKED)

.PHONY: docs
docs: $(VENV)/.dev ## the documentation as a site, in build/site
	$(BIN)/sphinx-build -q -W --keep-going -b html docs build/site
	@echo "build/site/index.html"

.PHONY: bench
bench: $(VENV)/.dev ## figures beside PM2, supervisor, circus, runit, nginx; BENCH_ARGS="list start --write" chooses
	$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev $(VENV)/.system ## which lines and branches no test runs; the processes that tests start do not count
	$(BIN)/python -m pytest $(PYTEST_ARGS) --cov --cov-report=term

.PHONY: mutants
mutants: $(VENV)/.dev ## change the core in thousands of ways; tell which no test notices. MUTANTS="pmdaemon.core.graph*" chooses
	$(BIN)/mutmut run --max-children 1 $(MUTANTS)
	$(BIN)/mutmut results

.PHONY: dist
dist: $(VENV)/.release ## the wheel and the source in dist/, each installed and tried as users do
	rm -rf build/lib build/bdist.* dist
	$(BIN)/python -m build --outdir dist .
	@scripts/check-dist $(BIN)

.PHONY: clean
clean: ## remove what these commands made here; programs that run stay up
	rm -rf $(VENV) build dist mutants *.egg-info .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find $(CHECKED) -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: $(PACKAGING)
	@scripts/install
	@touch $@

$(VENV)/.dev: $(PACKAGING) | $(VENV)/.installed
	@scripts/install dev
	@touch $@

$(VENV)/.release: $(PACKAGING) | $(VENV)/.installed
	@scripts/install release
	@touch $@

$(VENV)/.system: scripts/system-packages | $(VENV)/.installed
	@scripts/system-packages
	@touch $@
