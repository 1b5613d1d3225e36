# Everything by one command; the first makes the environment (.venv), the next ones do not touch it again.
#   make run                      parse, count and draw the sample mail, or  make run MAILDIR=path/to/maildir
#   make test                     the whole test suite, the lessons included
#   make quick                    the unit tests of the subject, in a minute
#   make lint                     ruff and mypy, which are also part of the tests
#   make lab                      the lessons, in JupyterLab
#   make luigid                   Luigi's central scheduler and its web page, http://127.0.0.1:8082; Ctrl+C stops it
#   make bench                    how fast, beside Dask, Spark, mrjob and nbgrader where `make bench-extras` installed them
#   make clean                    remove results and caches, keep the environment

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
EXTRAS ?= lab,test
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# luigi runs on Python 3.11 to 3.13; the first such Python found is taken.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3 python python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)

# Hundreds of test processes import the package: compiled once, not by each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test quick lint lab luigid bench bench-extras clean

run: .venv/installed
	$(BIN)/python -m enronlib run $(MAILDIR) $(ARGS)

test: .venv/installed
	$(BIN)/python -m pytest --nbval $(ARGS)

# The subject but for its charts, which take as long as all the rest, and what the files of the project must agree on.
QUICK := corpus messages parquet words counts mapreduce badluck dataset project

quick: .venv/installed
	$(BIN)/python -m pytest -q -n auto $(QUICK:%=tests/test_%.py) -k "not finds_nothing and not formatted" $(ARGS)

lint: .venv/installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

lab: .venv/installed
	$(BIN)/python -m jupyter lab --notebook-dir notebooks $(ARGS)

# For this machine only, as it has no login. OUT/luigid/history.db is a SQLite file with what every task did and when.
OUT ?= out
PORT ?= 8082
luigid: .venv/installed
	@mkdir -p $(OUT)/luigid
	cd $(OUT)/luigid && LUIGI_CONFIG_PATH=$(CURDIR)/enronlib/workflow/luigid.cfg $(abspath $(BIN))/luigid --address 127.0.0.1 --port $(PORT)

bench: .venv/installed
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)
	$(BIN)/python tests/benchmarks/bench_grading.py
	$(BIN)/python tests/benchmarks/bench_luigi.py

bench-extras: .venv/installed
	$(INSTALL) --editable '.[bench]'

clean:
	rm -rf out dist notebooks/work notebooks/solutions/work .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make PYTHON=path" >&2; exit 2; }
	@echo "Installing into .venv (once; about a minute)"
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@
