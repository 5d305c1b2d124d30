# make build: a warehouse from sample data.  make test: every gate.  Both need Python 3.11, make and git.
PYTHON ?= python3.11
BIN := .venv/bin

AS_OF := 2026-07-01 00:00:00
HOUR_LATER := 2026-07-01 01:00:00
SAMPLE := --leads 5000 --activities 150000 --seed 1
TEST_SAMPLE := --leads 400 --activities 8000 --seed 2

# Apart from `target`, so that tests and plain dbt don't undo each other's partial parse.
TEST := target/test
TEST_ENV := WAREHOUSE=$(TEST)/warehouse DBT_TARGET_PATH=$(TEST) DBT_LOG_PATH=$(TEST)/logs

BENCH := --activities 1M,10M

.PHONY: build test test-incremental test-faults lint lint-sql lint-python lint-yaml lint-dbt format dbt-test bench report pictures docs superset test-superset lock lock-superset clean

build: .venv/installed sample
	$(BIN)/python scripts/refresh.py sample --as-of "$(AS_OF)"

# pytest comes last: its closing line is the last line of output.
test: lint dbt-test
	$(BIN)/pytest

# Random landings, refreshed after each batch, against full builds (a minute or two each); all traps.
EXAMPLES := 50
INCREMENTAL := INCREMENTAL_EXAMPLES=$(EXAMPLES) $(BIN)/pytest --verbose
test-incremental: .venv/installed
	$(INCREMENTAL) tests/python/test_incremental_traps.py
	$(INCREMENTAL) --dist load tests/python/test_incremental.py

# Kills, full disks, bad files and hostile text at every point; prints points tried per promise. Some 40 minutes.
test-faults: .venv/installed
	FAULTS=all $(BIN)/pytest --dist load tests/python/test_faults.py tests/python/test_limits.py \
	  tests/python/test_personal_data.py tests/python/test_guards.py tests/python/test_bad_inputs.py \
	  tests/python/test_repeatable.py tests/python/test_lake_manifest.py tests/python/test_damaged_release.py \
	  tests/python/test_upgrade.py

# `make -k lint` goes on after the first that fails.
lint: lint-sql lint-python lint-yaml lint-dbt

lint-sql: .venv/installed
	$(BIN)/sqlfmt --check models macros tests
	$(BIN)/sqlfluff lint --disable-progress-bar models tests

lint-python: .venv/installed
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check .

lint-yaml: .venv/installed
	$(BIN)/yamllint --strict .

lint-dbt: .venv/installed
	$(TEST_ENV) $(BIN)/dbt --quiet --warn-error parse
	COLUMNS=160 $(BIN)/dbt-bouncer run --show-all-failures

format: .venv/installed
	-$(BIN)/sqlfluff fix --quiet --disable-progress-bar models tests
	$(BIN)/sqlfmt models macros tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The whole command on little data, data tests included, and what an hour without news leaves of it;
# then the unit tests, which it leaves out.
dbt-test: .venv/installed
	rm -rf $(TEST)/sample $(TEST)/warehouse
	mkdir -p $(TEST)
	$(BIN)/python scripts/generate_sample.py $(TEST_SAMPLE) --out $(TEST)/sample
	$(TEST_ENV) $(BIN)/python scripts/refresh.py $(TEST)/sample --as-of "$(AS_OF)"
	$(TEST_ENV) $(BIN)/python scripts/refresh.py --as-of "$(HOUR_LATER)"
	$(TEST_ENV) $(BIN)/dbt --quiet --warn-error test --select test_type:unit --vars '{as_of: "$(AS_OF)"}'

# The last release as one HTML file: warehouse/report.html.
report: .venv/installed
	$(BIN)/python scripts/report.py

# Those of the README, from the last release: build the sample first; needs chromium.
pictures: .venv/installed
	$(BIN)/dbt --quiet parse
	$(BIN)/python scripts/pictures.py

# Some minutes, and a gigabyte that stays in target/bench: make bench BENCH="--activities 100M".
bench: .venv/installed
	$(BIN)/python scripts/bench.py $(BENCH)

# Of the warehouse as it is: all tables and columns in one page, and where each column comes from in another.
docs: .venv/installed
	$(BIN)/dbt --quiet docs generate --static
	mkdir -p target/docs
	cp target/static_index.html target/docs/index.html
	$(BIN)/colibri generate --disable-telemetry --output-dir target/docs/lineage
	@echo "Open target/docs/index.html and target/docs/lineage/index.html"

# The last release in Superset, on http://127.0.0.1:8088 until Ctrl-C: make superset PORT=8089.
PORT := 8088
superset: .venv/installed .venv-superset/installed
	$(BIN)/dbt --quiet parse
	$(BIN)/python scripts/superset.py --port $(PORT)

# Its charts while releases are published, and what it refuses: some minutes.
test-superset: .venv/installed .venv-superset/installed
	$(BIN)/pytest --verbose -n 0 tests/python/test_superset.py

sample: | .venv/installed
	rm -rf target/sample
	mkdir -p target
	$(BIN)/python scripts/generate_sample.py $(SAMPLE) --out target/sample
	mv target/sample sample

# Installed anew only when the pins say something else, whatever the files' times.
.venv/installed: requirements.lock requirements-nodeps.lock
	@cat $^ | cmp -s - $@ && touch $@ || $(MAKE) --no-print-directory .venv-new

.PHONY: .venv-new
.venv-new:
	@found=; for python in $(PYTHON) python3.11 python3; do \
	  $$python -c 'import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	    && found=$$python && break; \
	done; \
	test -n "$$found" || { echo "Python 3.11 (with venv) is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	rm -rf .venv && $$found -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.lock
	@cat requirements.lock requirements-nodeps.lock > .venv/installed

# Superset's own environment, of 880 MB: it wants other versions of what dbt uses.
.venv-superset/installed: requirements-superset.lock
	@cmp -s $< $@ && touch $@ || $(MAKE) --no-print-directory .venv-superset-new

.PHONY: .venv-superset-new
.venv-superset-new: .venv/installed
	rm -rf .venv-superset && $(BIN)/python -m venv .venv-superset
	.venv-superset/bin/pip install --quiet --disable-pip-version-check -r requirements-superset.lock
	@cp requirements-superset.lock .venv-superset/installed

# The pins anew, from the names in requirements.in.
lock:
	rm -rf target/lock
	$(PYTHON) -m venv target/lock
	target/lock/bin/pip install --quiet --disable-pip-version-check -r requirements.in
	{ echo '# Every package of .venv, pinned, by `make lock` from requirements.in.'; \
	  target/lock/bin/pip freeze --exclude pip --exclude setuptools; } > requirements.lock

lock-superset:
	rm -rf target/lock
	$(PYTHON) -m venv target/lock
	target/lock/bin/pip install --quiet --disable-pip-version-check -r requirements-superset.in
	{ echo '# Every package of .venv-superset, pinned, by `make lock-superset` from requirements-superset.in.'; \
	  target/lock/bin/pip freeze --exclude pip --exclude setuptools; } > requirements-superset.lock

clean:
	rm -rf target logs sample .venv .venv-superset
