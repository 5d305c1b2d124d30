"""The log of forecasts: appended once per moment, kept, and no reason to fail a release."""

from datetime import datetime
from pathlib import Path

import duckdb

from qualified_leads.refresh.forecast_log import LOG_NAME, append_forecast

COLUMNS = (
    "stage text, step integer, starts_at timestamp, ends_at timestamp, open_leads bigint, "
    "expected_customers double, expected_revenue double"
)


def made_release(path: Path, as_of: str, expected: float) -> Path:
    """A release whose forecast has two steps of one stage."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema reports")
        connection.execute(f"create table reports.rpt_pipeline_forecast ({COLUMNS})")
        for step in (1, 2):
            connection.execute(
                "insert into reports.rpt_pipeline_forecast select 'mql', $step,"
                " $at::timestamp + ($step - 1) * interval '30' day,"
                " $at::timestamp + $step * interval '30' day, 7, $expected, null",
                {"step": step, "at": as_of, "expected": expected},
            )
    return path


def logged(warehouse: Path) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "select made_at, step, expected_customers from read_parquet(?) order by all",
            [str(warehouse / LOG_NAME)],
        ).fetchall()


def test_each_moment_is_logged_once(tmp_path: Path) -> None:
    january, february = datetime(2026, 1, 1, 6), datetime(2026, 2, 1)
    append_forecast(tmp_path, made_release(tmp_path / "a.duckdb", "2026-01-01 06:00:00", 1.5))
    append_forecast(tmp_path, made_release(tmp_path / "b.duckdb", "2026-02-01", 2.5))
    append_forecast(tmp_path, made_release(tmp_path / "c.duckdb", "2026-01-01 06:00:00", 3.5))
    assert logged(tmp_path) == [
        (january, 1, 3.5),
        (january, 2, 3.5),
        (february, 1, 2.5),
        (february, 2, 2.5),
    ]
    assert (tmp_path / LOG_NAME).stat().st_mode & 0o077 == 0


def test_a_release_without_forecast_keeps_the_log(tmp_path: Path, capsys) -> None:
    append_forecast(tmp_path, made_release(tmp_path / "a.duckdb", "2026-01-01", 1.5))
    with duckdb.connect(str(tmp_path / "b.duckdb")) as connection:
        connection.execute("create schema reports")
    append_forecast(tmp_path, tmp_path / "b.duckdb")
    assert capsys.readouterr().err == ""
    assert len(logged(tmp_path)) == 2


def test_a_log_that_cannot_be_read_warns_and_stays(tmp_path: Path, capsys) -> None:
    (tmp_path / LOG_NAME).write_bytes(b"no parquet")
    append_forecast(tmp_path, made_release(tmp_path / "a.duckdb", "2026-01-01", 1.5))
    told = capsys.readouterr().err
    assert told.startswith("warning: the forecast was not logged: ") and told.count("\n") == 1
    assert (tmp_path / LOG_NAME).read_bytes() == b"no parquet"
    assert not list(tmp_path.glob(".new-*"))
