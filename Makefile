# make build: a warehouse from sample data.  make test: every gate.  Both need Python 3.11 to 3.13, make and git.
# A certain one: make PYTHON=/path/to/python.
PYTHON ?=
VERSIONS := 3.11 3.12 3.13
SUPERSET_VERSIONS := 3.11 3.12
BIN := .venv/bin

AS_OF := 2026-07-01 00:00:00
HOUR_LATER := 2026-07-01 01:00:00
SAMPLE := --leads 5000 --activities 150000 --seed 1
TEST_SAMPLE := --leads 400 --activities 8000 --seed 2

# Apart from `target`, so that tests and plain dbt don't undo each other's partial parse.
TEST := target/test
TEST_ENV := WAREHOUSE=$(TEST)/warehouse DBT_TARGET_PATH=$(TEST) DBT_LOG_PATH=$(TEST)/logs

BENCH := --activities 1M,10M

.PHONY: build test test-incremental test-faults mutants lint lint-sql lint-python lint-yaml lint-dbt format dbt-test bench report pictures docs dev superset test-superset fusion fusion-test spark spark-test lock lock-superset lock-fusion lock-spark licences clean

build: .venv/installed sample
	$(BIN)/python scripts/refresh.py sample --as-of "$(AS_OF)"

# The tools of tests, linters, documentation and metrics beside what `make build` installs.
dev: .venv/installed-dev

# pytest comes last: its closing line is the last line of output.
test: lint dbt-test .venv/installed-dev
	$(BIN)/pytest

# What `make test` has no time for: traps and repairs of refreshes, paths, all real data (some 15 minutes);
# then random landings, refreshed after each batch, against full builds (a minute or two each).
EXAMPLES := 50
test-incremental: .venv/installed-dev
	INCREMENTAL_EXAMPLES=1 $(BIN)/pytest --verbose -m long
	INCREMENTAL_EXAMPLES=$(EXAMPLES) $(BIN)/pytest --verbose --dist load tests/python/test_incremental.py

# Kills, full disks, bad files and hostile text at every point; prints points tried per promise. Some 40 minutes.
test-faults: .venv/installed-dev
	FAULTS=all $(BIN)/pytest -m 'long or not long' --dist load tests/python/test_faults.py tests/python/test_limits.py \
	  tests/python/test_personal_data.py tests/python/test_guards.py tests/python/test_bad_inputs.py \
	  tests/python/test_repeatable.py tests/python/test_night.py tests/python/test_load_sources.py \
	  tests/python/test_lake_manifest.py tests/python/test_damaged_release.py tests/python/test_upgrade.py

# Small wrongs at random places, each tried by the tests next to it; an hour or two. MUTANTS="--seed 7 --count 20".
mutants: .venv/installed-dev
	PYTHONPATH=scripts $(BIN)/python tests/python/mutants.py $(MUTANTS)

# `make -k lint` goes on after the first that fails.
lint: lint-sql lint-python lint-yaml lint-dbt

lint-sql: .venv/installed-dev
	$(BIN)/sqlfmt --check models macros tests
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests

lint-python: .venv/installed-dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check .

lint-yaml: .venv/installed-dev
	$(BIN)/yamllint --strict .

lint-dbt: .venv/installed-dev
	$(TEST_ENV) $(BIN)/dbt --quiet --warn-error parse
	COLUMNS=160 $(BIN)/dbt-bouncer run --show-all-failures
	$(BIN)/python scripts/structure.py

format: .venv/installed-dev
	-$(BIN)/sqlfluff fix --quiet --disable-progress-bar models tests
	$(BIN)/sqlfmt models macros tests
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python scripts/macros_hash.py

# The whole command on little data, data tests included, and what an hour without news leaves of it.
dbt-test: .venv/installed
	rm -rf $(TEST)/sample $(TEST)/warehouse
	mkdir -p $(TEST)
	$(BIN)/python scripts/generate_sample.py $(TEST_SAMPLE) --out $(TEST)/sample
	$(TEST_ENV) $(BIN)/python scripts/refresh.py $(TEST)/sample --as-of "$(AS_OF)"
	$(TEST_ENV) $(BIN)/python scripts/refresh.py --as-of "$(HOUR_LATER)"

# The last release as one HTML file: warehouse/report.html.
report: .venv/installed
	$(BIN)/python scripts/report.py

# Those of the README and docs/, from the last release: build the sample first; needs chromium.
pictures: .venv/installed-dev
	$(BIN)/dbt --quiet parse
	$(BIN)/python scripts/pictures.py

# Some minutes, and a gigabyte that stays in target/bench: make bench BENCH="--activities 100M".
bench: .venv/installed
	$(BIN)/python scripts/bench.py $(BENCH)

# One folder that opens without a network: the pages of docs/, and of the warehouse as it is all tables and columns,
# and where each column comes from.
docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(BIN)/dbt --quiet docs generate --static
	mkdir -p target/docs/dbt
	cp target/static_index.html target/docs/dbt/index.html
	$(BIN)/colibri generate --disable-telemetry --output-dir target/docs/lineage
	@echo "Open target/docs/index.html"

# The last release in Superset, on http://127.0.0.1:8088 until Ctrl-C: make superset PORT=8089.
PORT := 8088
superset: .venv/installed .venv-superset/installed
	$(BIN)/dbt --quiet parse
	$(BIN)/python scripts/superset.py --port $(PORT)

# Its charts while releases are published, and what it refuses: some minutes.
test-superset: .venv/installed-dev .venv-superset/installed
	$(BIN)/pytest --verbose -n 0 tests/python/test_superset.py

# dbt Fusion builds, tests and refreshes the sample; the same rows as dbt's. Some minutes; needs npm.
fusion-test: .venv/installed-dev .venv-fusion/installed
	FUSION=all $(BIN)/pytest --verbose -n 0 --capture no tests/python/test_fusion.py

# Its environment alone, with which `make test` has a short form of that.
fusion: .venv-fusion/installed

# Spark with Iceberg tables: a cluster on loopback builds, tests and refreshes the sample and has DuckDB's rows. Half an hour.
spark-test: .venv/installed-dev .venv-spark/installed
	SPARK=all $(BIN)/pytest --verbose -n 0 --capture no tests/python/test_spark.py

# Its environment alone, of 1 GB, with which `make test` has a short form of that; needs Java 17 and Maven.
spark: .venv-spark/installed

sample: | .venv/installed
	rm -rf target/sample
	mkdir -p target
	$(BIN)/python scripts/generate_sample.py $(SAMPLE) --out target/sample
	mv target/sample sample

# $(call use_python,VERSIONS,REST): REST of a shell command with $$python, the first interpreter of these versions.
use_python = for python in $(or $(PYTHON),$(addprefix python,$(1)) python3) ""; do \
	  test -n "$$python" || { echo "One of Python $(1), with venv, is needed: make PYTHON=/path/to/python" >&2; exit 1; }; \
	  $$python -c 'import ensurepip, sys; sys.exit("%d.%d" % sys.version_info[:2] not in "$(1)".split())' 2>/dev/null && break; \
	done; $(2)

# $(call install,ENVIRONMENT,LOCK): the packages of a lock, which is complete.
install = $(1)/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(2)

# Installed again only when the lock says something else, whatever the files' times.
.venv/installed: requirements.lock
	@cmp -s $< $@ && touch $@ || $(MAKE) --no-print-directory .venv-new

.PHONY: .venv-new
.venv-new:
	@$(call use_python,$(VERSIONS),rm -rf .venv && $$python -m venv .venv)
	$(call install,.venv,requirements.lock)
	@cp requirements.lock .venv/installed

# The tools of tests, linters and documentation, beside what a refresh needs.
.venv/installed-dev: requirements-dev.lock .venv/installed
	@cmp -s $< $@ && touch $@ || $(MAKE) --no-print-directory .venv-dev

.PHONY: .venv-dev
.venv-dev:
	@test ! -e .venv/installed-dev || $(MAKE) --no-print-directory .venv-new
	$(call install,.venv,requirements-dev.lock)
	@cp requirements-dev.lock .venv/installed-dev

# Superset's own environment, of 880 MB: it wants other versions of what dbt uses.
.venv-superset/installed: requirements-superset.lock
	@cmp -s $< $@ && touch $@ || $(MAKE) --no-print-directory .venv-superset-new

.PHONY: .venv-superset-new
.venv-superset-new:
	@$(call use_python,$(SUPERSET_VERSIONS),rm -rf .venv-superset && $$python -m venv .venv-superset)
	$(call install,.venv-superset,requirements-superset.lock)
	@cp requirements-superset.lock .venv-superset/installed

# dbt Fusion, of 290 MB, and the DuckDB that it loads.
FUSION := scripts/team/fusion
.venv-fusion/installed: requirements-fusion.lock $(FUSION)/package-lock.json
	@cat $^ | cmp -s - $@ && touch $@ || $(MAKE) --no-print-directory .venv-fusion-new

.PHONY: .venv-fusion-new
.venv-fusion-new:
	@$(call use_python,$(VERSIONS),rm -rf .venv-fusion && $$python -m venv .venv-fusion)
	$(call install,.venv-fusion,requirements-fusion.lock)
	cp $(FUSION)/package.json $(FUSION)/package-lock.json .venv-fusion
	npm ci --prefix .venv-fusion --silent --no-audit --no-fund --ignore-scripts
	@cat requirements-fusion.lock $(FUSION)/package-lock.json > .venv-fusion/installed

SPARK := scripts/team/spark/jars.sha256
JARS := org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0 com.h2database:h2:2.4.240
.venv-spark/installed: requirements-spark.lock $(SPARK)
	@cat $^ | cmp -s - $@ && touch $@ || $(MAKE) --no-print-directory .venv-spark-new

.PHONY: .venv-spark-new
.venv-spark-new:
	@$(call use_python,$(VERSIONS),rm -rf .venv-spark && $$python -m venv .venv-spark)
	$(call install,.venv-spark,requirements-spark.lock)
	for jar in $(JARS); do \
	  mvn --quiet --batch-mode dependency:copy -Dartifact=$$jar -DoutputDirectory=$(CURDIR)/.venv-spark/jars || exit 1; \
	done
	cd .venv-spark/jars && sha256sum --check --quiet $(CURDIR)/$(SPARK)
	@cat requirements-spark.lock $(SPARK) > .venv-spark/installed

# The locks, resolved again, each for every version of Python, from the names in the files .in; that of a refresh is part of the other.
lock: lock-superset lock-fusion lock-spark
	$(COMPILE) requirements.in requirements-dev.in --output-file requirements-dev.lock
	$(COMPILE) --only-binary :all: --emit-build-options requirements.in --constraints requirements-dev.lock --output-file requirements.lock

lock-superset: target/lock/bin/uv
	$(COMPILE) requirements-superset.in --output-file requirements-superset.lock

lock-fusion: target/lock/bin/uv
	$(COMPILE) requirements-fusion.in --output-file requirements-fusion.lock
	npm install --prefix $(FUSION) --package-lock-only --silent

lock-spark: target/lock/bin/uv
	$(COMPILE) requirements-spark.in --output-file requirements-spark.lock

UV := uv==0.13.9
COMPILE := target/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --custom-compile-command 'make lock'

target/lock/bin/uv:
	@$(call use_python,$(VERSIONS),rm -rf target/lock && $$python -m venv target/lock)
	target/lock/bin/pip install --quiet --disable-pip-version-check $(UV)

# The licences of what a refresh needs: docs/licences.md.
licences: .venv/installed
	$(BIN)/python scripts/licences.py

clean:
	rm -rf target logs sample .venv .venv-superset .venv-fusion .venv-spark
