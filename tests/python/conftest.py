"""Fixtures of the loader's tests, untimed properties, and what `make test-faults` prints."""

import os

import duckdb
import pytest
from hypothesis import HealthCheck, settings

from qualified_leads.load.land import load_directory

# On a busy machine an example may take any time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def load(tmp_path):
    """Return a function that loads named contents and gives the report; all may be rejected."""

    def run(contents: dict[str, bytes | str], **options):
        source = tmp_path / "source"
        for name, content in contents.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        options.setdefault("accepted", ("rejected",))
        return load_directory(source, tmp_path / "warehouse", **options)

    return run


@pytest.fixture
def lake(tmp_path):
    """Return a function that queries a table of the lake."""

    def rows(table: str, columns: str = "*", tail: str = "") -> list[tuple]:
        files = [str(path) for path in (tmp_path / "warehouse/raw" / table).glob("*.parquet")]
        if not files:
            return []
        with duckdb.connect() as connection:
            query = f"select {columns} from read_parquet(?) {tail}"
            return connection.execute(query, [files]).fetchall()

    return rows


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note in the report which promise the test is about; `points` are recorded by the test."""
    report = yield
    promise = item.get_closest_marker("promise")
    if promise is not None and report.when == "call":
        report.user_properties.append(("promise", promise.args[0]))
    return report


def pytest_terminal_summary(terminalreporter):
    """Print, per promise, points tried and passed; a test counts as one where it says no number."""
    if not os.environ.get("FAULTS"):
        return
    tried: dict[str, list[int]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            told = dict(report.user_properties)
            if "promise" in told:
                points = int(told.get("points", 1))
                counts = tried.setdefault(told["promise"], [0, 0])
                counts[0] += points
                counts[1] += points if outcome == "passed" else 0
    terminalreporter.write_line("")
    terminalreporter.write_line(f"{'promise':<72}{'points':>8}{'passed':>8}")
    for promise, (points, passed) in sorted(tried.items()):
        terminalreporter.write_line(f"{promise:<72}{points:>8}{passed:>8}")
