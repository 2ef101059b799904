# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
OUT ?= build/demo
JOBS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test check bench results leaderboard clean board

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "recourse-arena needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@# dice-ml requires xgboost and lightgbm, half a gigabyte with CUDA that it does not import for other models.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps dice-ml raiutils
	@touch $(READY)

# The `quick` suite: every mission solver on Loan and German, and on GMSC where its file is found.
demo: $(READY)
	$(BIN)/recourse-arena run quick --jobs $(JOBS) --out $(OUT)

# Lint, format, types, tests and doctests.
test: check
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Side-by-side timings; shown as ratios within each group.
bench: $(READY)
	$(BIN)/python -m pytest tests --benchmark-only --benchmark-columns=min,median,rounds --benchmark-group-by=group

# The reference results; some hours, one job where times are compared. People of `oracle`, `training-seeds` and `quantization` are too many to keep.
results: $(READY)
	$(BIN)/recourse-arena run quick --out results/quick
	$(BIN)/recourse-arena run quick --dataset loan --solver frontier --solver 'frontier?margin=0.45' --out results/margin
	$(BIN)/recourse-arena run paper --out results/paper
	$(BIN)/recourse-arena run oracle --out results/oracle
	$(BIN)/recourse-arena run training-seeds --out results/training-seeds
	$(BIN)/recourse-arena run certified --out results/certified
	$(BIN)/recourse-arena run methods --out results/methods
	$(BIN)/recourse-arena run structures --out results/structures
	$(BIN)/recourse-arena run tabular --out results/tabular
	$(BIN)/recourse-arena run field --jobs $(JOBS) --out results/field
	$(BIN)/recourse-arena run fixed-predictions --jobs $(JOBS) --out results/fixed-predictions
	$(BIN)/recourse-arena run reproduction --jobs $(JOBS) --out results/reproduction
	$(BIN)/recourse-arena run interaction --out results/interaction
	$(BIN)/recourse-arena run quantization --jobs $(JOBS) --out results/quantization
	$(BIN)/recourse-arena run lasting --jobs $(JOBS) --out results/lasting
	$(BIN)/recourse-arena run lasting-exact --jobs $(JOBS) --out results/lasting-exact
	$(BIN)/recourse-arena run fair-recourse --jobs $(JOBS) --out results/fair-recourse
	$(BIN)/recourse-arena run fair-recourse-published --jobs $(JOBS) --out results/fair-recourse-published
	$(BIN)/recourse-arena run fair-recourse-open --jobs $(JOBS) --out results/fair-recourse-open
	$(BIN)/recourse-arena run fair-recourse-seeds --jobs $(JOBS) --out results/fair-recourse-seeds
	$(BIN)/recourse-arena figures results/quick
	$(BIN)/recourse-arena figures results/paper
	$(BIN)/recourse-arena figures results/interaction
	$(BIN)/recourse-arena report results/paper results/oracle results/training-seeds
	$(BIN)/recourse-arena report results/certified --about optima
	$(BIN)/recourse-arena report results/field --about field
	$(BIN)/recourse-arena report results/fixed-predictions --about fixed-predictions
	$(BIN)/recourse-arena report results/reproduction --about reproduction
	$(BIN)/recourse-arena report results/quantization --about lasting
	$(BIN)/recourse-arena report results/fair-recourse results/fair-recourse-published results/fair-recourse-open results/fair-recourse-seeds --about menus
	$(MAKE) leaderboard

# The leaderboard of the reference run, to read and to open in a browser.
leaderboard: $(READY)
	$(BIN)/recourse-arena leaderboard results/paper --format md --out results/LEADERBOARD.md
	$(BIN)/recourse-arena leaderboard results/paper --format html --out results/leaderboard.html

# The board of reference runs: each is judged again before it counts. Runs with menus need their `advice/`, so `make results` comes first.
BOARD = quick margin methods paper fixed-predictions fair-recourse fair-recourse-open fair-recourse-published
board: $(READY)
	mkdir -p build/entries
	for suite in $(BOARD); do \
	  printf 'name = "reference: %s"\nauthors = ["recourse-arena"]\nlicence = "MIT"\nsaw_test_people = false\n' $$suite > build/entries/$$suite.toml; \
	  $(BIN)/recourse-arena submit results/$$suite --card build/entries/$$suite.toml --out build/entries/$$suite.entry || exit 1; \
	done
	$(BIN)/recourse-arena board add $(BOARD:%=build/entries/%.entry) --board results/board --together reference --replace --jobs $(JOBS)

clean:
	rm -rf $(VENV) build
