"""Fixtures of the loader's tests: load files into a warehouse of the test, and read its lake."""

import duckdb
import pytest

from qualified_leads.loader import load_directory


@pytest.fixture
def load(tmp_path):
    """Return a function that loads named contents and gives the report."""

    def run(contents: dict[str, bytes | str], **options):
        source = tmp_path / "source"
        for name, content in contents.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
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
