"""What an operator reads at night: one line that says what, where and what to do, and a status.

Each failure here is of the machine or of a file, and none of the project. The same line is in
`ops.runs`; docs/operations.md lists them.
"""

from __future__ import annotations

import ast
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from harness import assert_no_defect
from test_refresh import assert_one_line, command, environment, project, run, warehouse

from qualified_leads.errors import UsageError
from qualified_leads.export.crm_batches import read_state
from qualified_leads.export.crm_delivery import Endpoint, Sender, retry_after
from qualified_leads.failures import told, why_text
from qualified_leads.load.mapping import check_extracted_at
from qualified_leads.lock import LOCK_NAME
from qualified_leads.paths import project_root, reporting_currency
from qualified_leads.refresh.guards import GUARDS
from qualified_leads.refresh.job import parse_as_of

__all__ = ["project", "warehouse"]  # fixtures

pytestmark = pytest.mark.promise("Every failure says what, where and what to do")
LEADS = "lead_id,created_at\nL1,2026-01-01\n"
SOMEBODY_ELSE = 65534
ALONE = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


# What is said of which error


CODES = """
    ENOSPC EDQUOT EFBIG EROFS EACCES EPERM ENOENT EEXIST ENOTDIR EISDIR ENAMETOOLONG ELOOP EBUSY
    EMFILE ENFILE EAGAIN ENOMEM EIO ESTALE EPIPE EINVAL
"""


@pytest.mark.parametrize("code", CODES.split())
def test_errors_of_the_system_name_the_path(code: str) -> None:
    number = getattr(errno, code)
    line, status = told(OSError(number, os.strerror(number), "/somewhere/file"))
    assert status == 1 and line.startswith("/somewhere/file: ")
    assert "unexpected" not in line and "Errno" not in line


def test_a_path_of_two_is_the_one_that_was_to_be_written() -> None:
    error = OSError(errno.EXDEV, "x", "/from", None, "/to")
    assert told(error)[0].startswith("/to: it is on another file system")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (pa.ArrowMemoryError("malloc of size 8 failed"), "not enough memory"),
        (RecursionError(), "nested too deeply"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), "can't be written as ascii"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "not utf-8; save it as UTF-8"),
        (BrokenPipeError(errno.EPIPE, "x"), "what reads the output has ended"),
        (SystemExit(1), "what reads the output has ended"),
    ],
)
def test_other_errors_of_the_machine(error: BaseException, said: str) -> None:
    line, status = told(error)
    assert said in line and status == 1 and "unexpected" not in line and "é" not in line


def test_an_interruption_is_none_of_them() -> None:
    assert told(KeyboardInterrupt()) == ("interrupted", 130)


def test_a_defect_says_its_place_and_no_value() -> None:
    try:
        int("zoe@example.com")
    except ValueError as error:
        line, status = told(error)
    assert status == 1 and line.startswith("unexpected ValueError in test_a_defect_says")
    assert "zoe" not in line


def database_error(statement: str, **config: str) -> duckdb.Error:
    with duckdb.connect(config=config) as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(statement).fetchall()
    return caught.value


def test_errors_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    missing = database_error(f"copy (select 1) to '{tmp_path}/none/x.parquet'")
    assert told(missing)[0].startswith(f"{tmp_path}/none/x.parquet: no such file or directory")
    into = database_error(f"copy (select 1) to '{tmp_path}/file/x.parquet'")
    assert f"{tmp_path}/file" in told(into)[0] and "a part of the path is a file" in told(into)[0]
    hashes = "md5(cast(range as varchar)) || md5(cast(range + 1 as varchar)) as h"
    large = f"create table t as select {hashes} from range(2000000)"
    short = {"memory_limit": "20MB", "threads": "1", "temp_directory": ""}
    assert told(database_error(large, **short))[0].startswith("DuckDB needs more memory than it")
    spilled = "Out of Memory Error: failed to offload; set by the 'max_temp_directory_size' setting"
    assert str(why_text(spilled)).startswith("queries spilled more than DUCKDB_SPILL_LIMIT")
    quoting = told(database_error("select cast('zoe' as integer)"))[0]
    assert "ConversionException" in quoting and "zoe" not in quoting


# Files and texts that are none


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31"],
)
def test_an_as_of_outside_of_the_calendar_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="--as-of must be"):
        parse_as_of(text)


def test_an_extraction_outside_of_the_calendar_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="extracted_at .* is neither a time"):
        check_extracted_at("0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[" * 3000 + "]" * 3000, "is nested too deeply"),
        ("{a: " * 3000 + "1" + "}" * 3000, "is nested too deeply"),
        *(
            (json.dumps({"loads": [{"file": "*", "table": "leads", "encoding": name}]}), "unknown")
            for name in ("zlib", "hex", "rot13", "base64", "undefined", "a\0b")
        ),
    ],
)
def test_a_mapping_that_is_none(load: Callable, tmp_path: Path, mapping: str, said: str) -> None:
    (tmp_path / "mapping.yml").write_text(mapping)
    with pytest.raises(UsageError, match=said):
        load({"leads.csv": LEADS}, mapping=tmp_path / "mapping.yml")


@pytest.mark.parametrize(
    ("columns", "delimiter", "said"),
    [
        (100_000, ",", "leads.csv has 100,002 columns, more than 16,384"),
        (100_000, ";", "leads.csv has 100,002 columns"),
        (400_000, ",", "the header, line 1, is longer than 1 MB"),
    ],
)
def test_a_table_that_lies_on_its_side(
    load: Callable, columns: int, delimiter: str, said: str
) -> None:
    names = ["lead_id", "created_at", *(f"c{n}" for n in range(columns))]
    with pytest.raises(UsageError, match=said):
        load({"leads.csv": delimiter.join(names) + "\nL1" + delimiter + "2026-01-01\n"})


def test_many_columns_that_nobody_needs_are_no_failure(load: Callable) -> None:
    names = ["lead_id", "created_at", *(f"column_{n}" for n in range(12_000))]
    assert load({"leads.csv": ";".join(names) + "\nL1;2026-01-01\n"}).landed == 1


def test_a_document_that_is_nested_without_end(load: Callable) -> None:
    with pytest.raises(UsageError, match=r"leads\.json"):
        load({"leads.json": '{"a":' * 100_000 + "1" + "}" * 100_000})


@pytest.mark.parametrize("token", ["tökén", "abc def", "abc\n", "abc\0"])
def test_a_token_that_no_header_can_hold_is_not_shown(token: str) -> None:
    with pytest.raises(UsageError, match="EXPORT_TOKEN holds") as caught:
        Sender(Endpoint("https://crm.example/", token))
    assert token not in str(caught.value)


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "none://x")
    with pytest.raises(UsageError, match="check HTTPS_PROXY"):
        Sender(Endpoint("https://crm.example/"))


def test_certificates_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/none.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        Sender(Endpoint("https://crm.example/"))


def test_a_year_that_no_calendar_has_is_no_time_to_wait() -> None:
    from datetime import UTC, datetime

    text = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
    assert retry_after(text, datetime(2026, 7, 1, tzinfo=UTC)) == 0.0


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"hashes": {}}'])
def test_a_state_that_is_damaged_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "acknowledged.json").write_text(content)
    with pytest.raises(UsageError, match=r"acknowledged\.json is damaged; restore it"):
        read_state(tmp_path)


def test_settings_that_are_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("vars: [")
    with pytest.raises(UsageError, match=r"dbt_project\.yml is not valid YAML, line 1"):
        reporting_currency(tmp_path)


# Commands on machines that fail


def script(
    name: str, *arguments: str, place: Path, prefix: tuple[str, ...] = (), **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project with its warehouse at `place`."""
    done = subprocess.run(
        [*prefix, sys.executable, str(project_root() / "scripts" / name), *arguments],
        env={**os.environ, "WAREHOUSE": str(place)},
        check=False,
        timeout=60,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
    )
    assert_no_defect(done.stderr or "")
    return done


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "leads.csv").write_text(LEADS)
    return tmp_path / "files"


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """A file system in memory."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems can't be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def without_rights() -> tuple[str, ...]:
    """What takes from root the rights that others have not; nothing for others."""
    if os.geteuid():
        return ()
    return ALONE if shutil.which(ALONE[0]) else pytest.skip("root can't be without its rights here")


COMMANDS = {
    "load.py": ("{files}",),
    "refresh.py": ("{files}", "--as-of", "2026-07-01"),
    "export.py": ("tables",),
    "report.py": (),
    "erase.py": ("--lead-id", "L1"),
}


def each_command(files: Path, place: Path, said: str, prefix: tuple[str, ...] = ()) -> None:
    for name, arguments in COMMANDS.items():
        given = [argument.replace("{files}", str(files)) for argument in arguments]
        done = script(name, *given, place=place, prefix=prefix)
        assert_one_line(done.stderr, said)
        assert done.returncode == 2, name


def test_a_warehouse_that_is_a_file(files: Path) -> None:
    each_command(files, files / "leads.csv", "WAREHOUSE has to be a directory, and .* is a file")


def test_a_warehouse_of_too_long_a_name(files: Path, tmp_path: Path) -> None:
    each_command(files, tmp_path / ("x" * 300), "WAREHOUSE can't be used: .* name is too long")


def test_a_lock_of_somebody_else(files: Path, tmp_path: Path) -> None:
    prefix, place = without_rights(), tmp_path / "warehouse"
    place.mkdir()
    (place / LOCK_NAME).touch(mode=0o000)
    if not os.geteuid():
        os.chown(place / LOCK_NAME, SOMEBODY_ELSE, SOMEBODY_ELSE)
    done = script("load.py", str(files), place=place, prefix=prefix)
    assert_one_line(done.stderr, rf"the lock can't be taken: {place}/\.lock: permission denied")
    assert done.returncode == 2


def test_a_lake_of_somebody_else(files: Path, tmp_path: Path) -> None:
    prefix, place = without_rights(), tmp_path / "warehouse"
    (place / "raw" / "leads").mkdir(parents=True)
    (place / "raw" / "leads").chmod(0o500)
    if not os.geteuid():
        os.chown(place / "raw" / "leads", SOMEBODY_ELSE, SOMEBODY_ELSE)
    else:
        (place / "raw").chmod(0o500)
    done = script("load.py", str(files), place=place, prefix=prefix)
    assert done.returncode == 2
    assert_one_line(done.stderr, rf"the load stopped: {place}/raw.*(denied|permitted).*owner; noth")


def test_a_read_only_warehouse(files: Path, tmp_path: Path) -> None:
    place = tmp_path / "warehouse"
    with mounted(place, "ro,size=1m"):
        done = script("load.py", str(files), place=place)
    assert_one_line(done.stderr, rf"the lock can't be taken: {place}/\.lock: .* is read-only")
    assert done.returncode == 2


@pytest.mark.parametrize("kilobytes", [0, 4, 8, 16, 64, 256])
def test_a_disk_that_is_full(files: Path, tmp_path: Path, kilobytes: int) -> None:
    place = tmp_path / "warehouse"
    rows = "".join(f"{os.urandom(8).hex()},2026-01-01\n" for _ in range(50_000))
    (files / "leads.csv").write_text("lead_id,created_at\n" + rows)
    with mounted(place, "size=1m"):
        (place / "ballast").write_bytes(bytes((1 << 20) - (kilobytes << 10)))
        done = script("load.py", str(files), place=place)
        assert done.returncode == 2
        assert_one_line(done.stderr, rf"{place}.*no space left on the disk; make room there")
        assert not list(place.glob("raw/*/*.parquet"))
        (place / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)
        assert script("load.py", str(files), place=place).returncode == 0


def test_nobody_reads_what_is_printed(files: Path, tmp_path: Path) -> None:
    """A log on a full disk, and a pipe whose end has gone; the status still says that it failed."""
    with open("/dev/full", "w") as full:
        done = script("load.py", str(files), place=tmp_path / "one", stdout=full)
        assert_one_line(done.stderr, "no space left on the disk; make room")
        assert done.returncode == 1
        silent = script("load.py", "none", place=tmp_path / "two", stdout=full, stderr=full)
        assert silent.returncode == 2
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = script("load.py", str(files), place=tmp_path / "three", stdout=gone)
    assert_one_line(done.stderr, "what reads the output has ended")
    assert done.returncode == 1


def last_message(place: Path) -> tuple[str, int, str]:
    with duckdb.connect(str(place / "work.duckdb"), read_only=True) as connection:
        (row,) = connection.execute(
            "select outcome, exit_status, message from ops.runs order by run_number desc limit 1"
        ).fetchall()
    return row


def test_the_account_of_runs_says_the_same(
    project: Path, warehouse: Path, files: Path, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text("a file")
    blocked = run(project, warehouse, DBT_LOG_PATH=str(tmp_path / "log"))
    assert_one_line(blocked.stderr, f"^{tmp_path}/log: a file of that name is in the way; move it")
    assert blocked.returncode == 1
    assert last_message(warehouse) == ("failed", 1, blocked.stderr.strip())


def test_a_work_file_that_no_disk_holds(project: Path, warehouse: Path) -> None:
    """dbt fails for the machine, and the line says why; by a limit on the size of files."""
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 1200; exec "$@"', "bash", *command(project)],
        env=environment(warehouse, HARD_WORK="1000000"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert_no_defect(done.stderr)
    assert done.returncode == 1
    assert_one_line(done.stderr, "larger than the account may write|no space left")


# The page for operators


def said_in_code() -> str:
    """Every text of the package, what is filled in as `…`."""
    texts = []
    for path in sorted((project_root() / "scripts" / "qualified_leads").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (getattr(part, "value", None) for part in node.values)
                texts.append("".join(part if isinstance(part, str) else "…" for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return "\n".join(texts)


def test_the_page_for_operators_quotes_what_is_said() -> None:
    page = (project_root() / "docs" / "operations.md").read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| ([^|]*?) \|", page, re.MULTILINE)
    quoted = [text for cell in first_cells for text in re.findall("`([^`]+)`", cell)]
    assert len(quoted) > 70
    code = said_in_code()
    pieces = {piece.strip(" ():,;") for text in quoted for piece in text.split("…")}
    missing = sorted(piece for piece in pieces if piece not in code)
    assert not missing, missing
    assert [
        guard for guard in GUARDS if f"`{guard}`" not in page and f" {guard}`" not in page
    ] == []
