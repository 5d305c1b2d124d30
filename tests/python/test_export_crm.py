"""The hand-back to a CRM: nothing is lost, and nothing acknowledged is sent twice."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from failing_server import Endpoint as Server
from failing_server import failing_server
from report_release import EMAIL, write_release
from rich.console import Console

from qualified_leads.errors import UsageError
from qualified_leads.export import crm_batches, crm_delivery
from qualified_leads.export.crm import deliver_batch
from qualified_leads.export.crm_batches import (
    Batch,
    ExportBusyError,
    acknowledge,
    csv_text,
    export_lock,
    next_batch,
    pending_batch,
    read_state,
)
from qualified_leads.export.crm_delivery import (
    DeliveryError,
    Endpoint,
    check_endpoint,
    chunks_of,
    deliver,
    read_progress,
    retry_after,
)
from qualified_leads.export.crm_records import (
    CrmMapping,
    Dataset,
    json_value,
    load_mapping,
    read_datasets,
)

ROOT = Path(__file__).resolve().parents[2]
MAPPING = CrmMapping.model_validate(
    {
        "chunk_size": 2,
        "null_text": "#N/A",
        "datasets": {
            "mqls": {
                "object": "Lead",
                "external_id": "Id__c",
                "present": "Is__c",
                "fields": {"Stage__c": "current_stage"},
            }
        },
    }
)


def dataset(**stages: str) -> dict[str, Dataset]:
    """The dataset mqls with a record per keyword."""
    records = {
        lead_id: {"Id__c": lead_id, "Is__c": True, "Stage__c": stage}
        for lead_id, stage in stages.items()
    }
    return {"mqls": Dataset(MAPPING.datasets["mqls"], records)}


def make(directory: Path, release: str = "r1", **stages: str) -> Batch | None:
    return next_batch(directory, release, dataset(**stages), MAPPING)


def ids(batch: Batch | None) -> list[str]:
    return [record["Id__c"] for record in batch.read("mqls")] if batch else []


# ---- batches


def test_batch_is_given_out_until_it_is_acknowledged_and_then_never_again(tmp_path: Path) -> None:
    first = make(tmp_path, a="mql", b="mql")
    content = {path.name: path.read_bytes() for path in first.directory.iterdir()}
    # A newer release changes nothing about a batch that waits.
    again = make(tmp_path, "r2", a="sql", b="mql", c="mql")
    assert again.id == first.id and again.release == "r1"
    assert {p.name: p.read_bytes() for p in again.directory.iterdir()} == content
    assert acknowledge(tmp_path, first.id) is True
    assert acknowledge(tmp_path, first.id) is False
    second = make(tmp_path, "r2", a="sql", b="mql", c="mql")
    assert ids(second) == ["a", "c"]
    acknowledge(tmp_path, second.id)
    assert make(tmp_path, "r2", a="sql", b="mql", c="mql") is None


def test_what_is_gone_is_emptied_once_and_may_come_back(tmp_path: Path) -> None:
    acknowledge(tmp_path, make(tmp_path, a="mql", b="mql").id)
    gone = make(tmp_path, a="mql")
    assert gone.read("mqls") == [{"Id__c": "b", "Is__c": False, "Stage__c": None}]
    assert (gone.directory / "mqls.csv").read_bytes().endswith(b"b,false,#N/A\r\n")
    acknowledge(tmp_path, gone.id)
    assert make(tmp_path, a="mql") is None
    assert ids(make(tmp_path, a="mql", b="mql")) == ["b"]


def test_the_same_change_twice_is_two_batches(tmp_path: Path) -> None:
    seen = []
    for stage in ("mql", "sql", "mql", "sql"):
        batch = make(tmp_path, a=stage)
        seen.append(batch.id)
        acknowledge(tmp_path, batch.id)
    assert len(set(seen)) == 4


def test_a_table_that_is_not_in_the_release_clears_nothing(tmp_path: Path) -> None:
    acknowledge(tmp_path, make(tmp_path, a="mql").id)
    assert next_batch(tmp_path, "r2", {}, MAPPING) is None


@pytest.mark.parametrize("step", ["os.rename", "os.replace"])
def test_crash_at_a_rename_leaves_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = make(tmp_path, a="mql") if step == "os.replace" else None

    def lose_power(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(step, lose_power)
        with pytest.raises(KeyboardInterrupt):
            acknowledge(tmp_path, first.id) if first else make(tmp_path, a="mql")
    if first:
        assert pending_batch(tmp_path, read_state(tmp_path)).id == first.id
    else:
        assert pending_batch(tmp_path, read_state(tmp_path)) is None
    assert ids(make(tmp_path, a="mql")) == ["a"]


def test_killed_writers_leave_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / ".new-000001-half").mkdir()
    (tmp_path / "batches" / ".new-000001-half" / "manifest.json").write_text("{")
    (tmp_path / ".new-acknowledged.json-0").write_text("{")
    assert ids(make(tmp_path, a="mql")) == ["a"]
    assert not list(tmp_path.rglob(".new-*"))


def test_old_batches_are_pruned_and_stay_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm_batches, "BATCHES_KEPT", 2)
    made = []
    for number in range(4):
        made.append(make(tmp_path, a=f"stage {number}").id)
        acknowledge(tmp_path, made[-1])
    assert {path.name for path in (tmp_path / "batches").iterdir()} == set(made[-2:])
    assert acknowledge(tmp_path, made[0]) is False


@pytest.mark.parametrize("batch_id", ["000009-none", "../../etc", "", "."])
def test_unknown_batch_cannot_be_acknowledged(tmp_path: Path, batch_id: str) -> None:
    make(tmp_path, a="mql")
    with pytest.raises(UsageError):
        acknowledge(tmp_path, batch_id)


def test_one_export_at_a_time(tmp_path: Path) -> None:
    busy = pytest.raises(ExportBusyError, match="another export")
    with export_lock(tmp_path), busy, export_lock(tmp_path):
        pass


def test_csv_neutralises_text_but_no_id_and_no_number() -> None:
    records = [{"id": "-1", "text": "=1+1", "number": -5.5, "yes": True, "none": None}]
    records += [{**records[0], "text": f"{start}1"} for start in "=+-@\t\r"]
    rows = list(csv.reader(io.StringIO(csv_text(records, "id", ""))))
    assert rows[1] == ["-1", "'=1+1", "-5.5", "true", ""]
    assert [row[1] for row in rows[2:]] == ["'=1", "'+1", "'-1", "'@1", "'\t1", "'\r1"]
    assert csv_text([], "id", "") == ""


# ---- records and mappings


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_release(tmp_path_factory.mktemp("release"), ["email", "event"])
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            insert into marts.fct_mqls select lead_id, 2, lead_source, mql_at + interval 1 day,
                'hand_raise', fit_score, 99.1234567, label, policy_version, 'won'
            from marts.fct_mqls where lead_id = 'L0-0';
            create table reports.rpt_sdr_queue as select
                cast(1 as bigint) as queue_position, 'L1-1' as lead_id,
                cast(1 as bigint) as episode, 'event' as lead_source,
                'o' as owner_id, timestamp '2026-06-01' as mql_at,
                true as is_hand_raise, 'B2' as label, 12.5 as predicted_value,
                'pricing page +20' as reasons, 'fast' as sla_rule_id,
                timestamp '2026-06-01 10:00:00' as due_at, true as is_overdue,
                30.0 as waiting_days, true as is_contactable, date '2026-07-01' as work_date,
                'rep 1' as proposed_rep_id, true as is_within_capacity
            """
        )
    return path


@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
def test_committed_mappings_read_a_release(release: Path, system: str) -> None:
    with duckdb.connect(str(release), read_only=True) as connection:
        datasets = read_datasets(connection, load_mapping(system))
    assert {name: len(one.records) for name, one in datasets.items()} == {"mqls": 6, "queue": 1}
    record = list(datasets["mqls"].records["L0-0"].values())
    # The last episode of the lead, to six decimals, in UTC.
    assert record[:6] == ["L0-0", True, "2026-06-02T00:00:00Z", 2, "hand_raise", 50.0]
    assert 99.123457 in record
    queued = list(datasets["queue"].records["L1-1"].values())
    assert "2026-06-01T10:00:00Z" in queued and "2026-07-01" in queued
    assert EMAIL not in json.dumps([one.records for one in datasets.values()])


def test_release_without_queue_has_mqls_alone(tmp_path: Path) -> None:
    path = write_release(tmp_path, ["email"])
    with duckdb.connect(str(path), read_only=True) as connection:
        assert list(read_datasets(connection, load_mapping("hubspot"))) == ["mqls"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chunk_size": 0}, "chunk_size"),
        ({"surprise": 1}, "surprise"),
        ({"datasets": {"people": MAPPING.datasets["mqls"].model_dump()}}, "people is none of"),
        (
            {
                "datasets": {
                    "mqls": {**MAPPING.datasets["mqls"].model_dump(), "present": "Stage__c"}
                }
            },
            "names a field twice",
        ),
    ],
)
def test_mapping_that_is_wrong(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    content = {**MAPPING.model_dump(), **change}
    (tmp_path / "x.yml").write_text(json.dumps(content))  # JSON is YAML
    with pytest.raises(UsageError, match=message):
        load_mapping("x", tmp_path)


@pytest.mark.parametrize("column", ["email", "no_such_column"])
def test_mapping_of_a_column_that_is_not_there(release: Path, column: str) -> None:
    mapping = MAPPING.model_copy(deep=True)
    mapping.datasets["mqls"].fields["Field__c"] = column
    with (
        duckdb.connect(str(release), read_only=True) as connection,
        pytest.raises(UsageError, match=f"no column {column}"),
    ):
        read_datasets(connection, mapping)


def test_json_values() -> None:
    assert json_value(float("nan")) is None
    assert json_value(1 / 3) == 0.333333


# ---- delivery


@pytest.fixture
def server() -> Iterator[Server]:
    with failing_server() as started:
        yield started


@pytest.fixture
def slept() -> list[float]:
    return []


def send(
    directory: Path, server: Server, slept: list[float], batch: Batch, **options: Any
) -> crm_delivery.Outcome:
    defaults = {"token": "s3cret", "per_second": 1e6}
    endpoint = Endpoint(server.url, sleep=slept.append, **{**defaults, **options})
    return deliver(directory, batch, endpoint, lambda _: None)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """Five records in three chunks."""
    return make(tmp_path, a="mql", b="mql", c="mql", d="mql", e="mql")


def test_delivers_in_chunks_with_keys_and_acknowledges(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    outcome = send(tmp_path, server, slept, batch)
    assert outcome.chunks == 3 and outcome.refused == [] and slept == []
    assert server.keys == [f"{batch.id}-mqls-0000{n}" for n in range(3)]
    assert [record["Id__c"] for record in server.records] == ["a", "b", "c", "d", "e"]
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer s3cret"}
    assert read_state(tmp_path).batches == [batch.id]
    assert make(tmp_path, a="mql", b="mql", c="mql", d="mql", e="mql") is None


@pytest.mark.parametrize(
    "failure",
    ["half", "lost", "reset", "garbage"]
    + [(status, {}) for status in (408, 425, 429, 500, 502, 503, 504)],
    ids=str,
)
def test_passing_trouble_is_tried_again_under_the_same_key(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch, failure: Any
) -> None:
    server.failures = [failure, failure]
    send(tmp_path, server, slept, batch)
    assert server.keys[:3] == [f"{batch.id}-mqls-00000"] * 3
    assert [record["Id__c"] for record in server.records] == ["a", "b", "c", "d", "e"]
    assert len(slept) == 2 and all(0 <= seconds <= 60 for seconds in slept)
    assert read_state(tmp_path).batches == [batch.id]


def test_an_endpoint_that_does_not_answer_is_tried_again(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    server.failures = ["timeout"]
    # However slow the machine is: an answer that comes too late is one more try.
    send(tmp_path, server, slept, batch, timeout_seconds=0.3, attempts=1000)
    assert server.keys[:2] == [f"{batch.id}-mqls-00000"] * 2 and slept
    assert [record["Id__c"] for record in server.records] == ["a", "b", "c", "d", "e"]


def test_retry_after_is_kept_to(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    server.failures = [(429, {"Retry-After": "37"}), (503, {"Retry-After": "90"})]
    send(tmp_path, server, slept, batch)
    assert slept == [37.0, 90.0]


def test_too_long_a_wait_is_left_to_the_next_run(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    server.failures = [(429, {"Retry-After": "86400"})]
    with pytest.raises(DeliveryError, match="asks to wait 86,400 s"):
        send(tmp_path, server, slept, batch)
    assert slept == []


def test_gives_up_after_some_tries_and_goes_on_where_it_was(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    server.failures = [(200, {}), *[(500, {})] * 4]
    with pytest.raises(DeliveryError, match="status 500, tried 4 times") as caught:
        send(tmp_path, server, slept, batch, attempts=4)
    assert "127.0.0.1" not in str(caught.value) and "hidden" not in str(caught.value)
    assert read_progress(tmp_path, batch).done == [f"{batch.id}-mqls-00000"]
    assert make(tmp_path, "r2", z="mql").id == batch.id
    server.keys.clear()
    send(tmp_path, server, slept, batch)
    assert server.keys == [f"{batch.id}-mqls-00001", f"{batch.id}-mqls-00002"]


def test_killed_after_the_endpoint_took_it_and_before_it_was_noted(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def lose_power(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(crm_delivery, "_note", lose_power)
        with pytest.raises(KeyboardInterrupt):
            send(tmp_path, server, slept, batch)
    send(tmp_path, server, slept, batch)
    # Twice on the way, once in the end: the key is the same.
    assert server.keys.count(f"{batch.id}-mqls-00000") == 2
    assert [record["Id__c"] for record in server.records] == ["a", "b", "c", "d", "e"]


def test_killed_before_the_acknowledgement_sends_nothing_again(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def lose_power(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(crm_delivery, "acknowledge", lose_power)
        with pytest.raises(KeyboardInterrupt):
            send(tmp_path, server, slept, batch)
    outcome = send(tmp_path, server, slept, batch)
    assert outcome.chunks == 0 and len(server.keys) == 3
    assert read_state(tmp_path).batches == [batch.id]


def test_refused_record_is_found_and_the_others_are_taken(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch
) -> None:
    server.poisoned = {"c"}
    outcome = send(tmp_path, server, slept, batch)
    assert [record["Id__c"] for record in server.records] == ["a", "b", "d", "e"]
    assert [(one.external_id, one.status) for one in outcome.refused] == [("c", 400)]
    letters = [json.loads(line) for line in outcome.dead_letters.read_text().splitlines()]
    assert letters == [
        {
            "dataset": "mqls",
            "status": 400,
            "record": {"Id__c": "c", "Is__c": True, "Stage__c": "mql"},
        }
    ]
    # Handed over: it comes again when it has changed.
    stages = {"a": "mql", "b": "mql", "c": "mql", "d": "mql", "e": "mql"}
    assert make(tmp_path, **stages) is None
    assert ids(make(tmp_path, **{**stages, "c": "sql"})) == ["c"]


def test_refused_records_are_kept_before_the_batch_is_acknowledged(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fill_the_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    server.poisoned = {"c"}
    with monkeypatch.context() as broken:
        broken.setattr(crm_delivery, "_write_dead_letters", fill_the_disk)
        with pytest.raises(OSError, match="No space left"):
            send(tmp_path, server, slept, batch)
    assert read_state(tmp_path).batches == []
    outcome = send(tmp_path, server, slept, batch)
    assert outcome.chunks == 0 and '"c"' in outcome.dead_letters.read_text()
    assert read_state(tmp_path).batches == [batch.id]


def test_first_chunk_refused_as_a_whole_gives_up_no_record(
    tmp_path: Path, server: Server, slept: list[float]
) -> None:
    large = MAPPING.model_copy(update={"chunk_size": 5})
    stages = dict.fromkeys("abcdef", "mql")
    batch = next_batch(tmp_path, "r1", dataset(**stages), large)
    server.poisoned = set("abcde")
    with pytest.raises(DeliveryError, match="refused all 5 records of the first chunk"):
        send(tmp_path, server, slept, batch)
    assert read_state(tmp_path).batches == [] and not (tmp_path / "dead_letters").exists()
    server.poisoned = set("abcd")
    assert len(send(tmp_path, server, slept, batch).refused) == 4


def test_loopback_takes_no_proxy(
    tmp_path: Path,
    server: Server,
    slept: list[float],
    batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert send(tmp_path, server, slept, batch).chunks == 3 and slept == []


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_wrong_address_or_token_gives_up_no_record(
    tmp_path: Path, server: Server, slept: list[float], batch: Batch, status: int
) -> None:
    server.failures = [(status, {"Location": "http://192.0.2.1/"})]
    with pytest.raises(DeliveryError, match=f"answered {status}: check"):
        send(tmp_path, server, slept, batch)
    assert len(server.keys) == 1 and not (tmp_path / "dead_letters").exists()
    send(tmp_path, server, slept, batch)
    assert len(server.records) == 5


def test_keeps_the_pace(tmp_path: Path, server: Server, slept: list[float], batch: Batch) -> None:
    send(tmp_path, server, slept, batch, per_second=0.1)
    # Nobody really waits here, so each of the two later chunks is asked to wait its whole turn.
    assert len(slept) == 2 and 9 < slept[0] <= 10 and 19 < slept[1] <= 20


def test_no_server_at_all(tmp_path: Path, slept: list[float], batch: Batch) -> None:
    endpoint = Endpoint("http://127.0.0.1:9/", attempts=2, sleep=slept.append)
    with pytest.raises(DeliveryError, match="ConnectError, tried 2 times"):
        deliver(tmp_path, batch, endpoint, lambda _: None)


def test_chunks_are_the_same_whenever_asked(batch: Batch) -> None:
    assert list(chunks_of(batch)) == list(chunks_of(batch))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://example.com/", "https"),
        ("https://user:pass@example.com/", "EXPORT_TOKEN"),
        ("ftp://example.com/", "https"),
        ("https://", "https"),
        ("nothing", "https"),
        ("http://127.0.0.1.example.com/", "https"),
    ],
)
def test_addresses_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        check_endpoint(url)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://example.com/x", "http://127.0.0.1:1/", "http://[::1]/"])
def test_addresses_that_are_taken(url: str) -> None:
    check_endpoint(url)


def test_retry_after_in_both_forms() -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    assert retry_after("12", now) == 12
    assert retry_after("Wed, 01 Jul 2026 00:01:00 GMT", now) == 60
    assert retry_after("Tue, 30 Jun 2026 00:00:00 GMT", now) == 0
    assert [retry_after(text, now) for text in (None, "", "soon", "-5")] == [0, 0, 0, 0]


def test_nothing_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver_batch(tmp_path, "hubspot", Endpoint("http://127.0.0.1:9/"), Console())
    assert "No batch waits" in capsys.readouterr().out


# ---- the commands


def test_commands_from_release_to_crm(release: Path, tmp_path: Path, server: Server) -> None:
    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "export.py"), *arguments],
            capture_output=True,
            text=True,
            env={"WAREHOUSE": str(tmp_path), "PATH": os.defpath, **more},
        )

    made = run("crm", "--system", "salesforce", "--release", str(release))
    assert made.returncode == 0 and "6 mqls, 1 queue" in made.stdout
    batch_id = made.stdout.split()[1].rstrip(":")
    acknowledged = run("acknowledge", "--system", "salesforce", batch_id)
    assert acknowledged.returncode == 0
    arguments = ("crm", "--system", "hubspot", "--deliver", "--release", str(release))
    assert run(*arguments).returncode == 2  # no address
    server.failures = [(503, {"Retry-After": "0"})]
    secrets = {"EXPORT_URL": server.url, "EXPORT_TOKEN": "s3cret"}
    delivered = run(*arguments, **secrets)
    assert delivered.returncode == 0 and "is delivered and acknowledged" in delivered.stdout
    assert len(server.records) == 7
    again = run(*arguments, **secrets)
    assert again.returncode == 0 and "Nothing is new" in again.stdout
    assert len(server.records) == 7
    for text in (made, delivered, again):
        for hidden in ("s3cret", "hidden", EMAIL, "L0-0"):
            assert hidden not in text.stdout + text.stderr
