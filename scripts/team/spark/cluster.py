"""A standalone Spark cluster on loopback: master, workers and a Thrift server with Iceberg.

The environment `.venv-spark` (`make spark`) has pyspark, which is a whole Spark, and the jars.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from qualified_leads.errors import UsageError
from qualified_leads.paths import import_path, project_root
from team.processes import end_group
from team.spark import CATALOG, HOST

ENVIRONMENT_NAME = ".venv-spark"  # in the project root
START_SECONDS = 120
STOP_SECONDS = 20
_THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"


@dataclass(frozen=True)
class Size:
    """Of the cluster: `cores` and `memory` (as Spark writes it) are those of each worker."""

    workers: int = 2
    cores: int = 1
    memory: str = "3g"
    driver_memory: str = "3g"
    partitions: int = 4  # of a shuffle


@dataclass(frozen=True)
class Cluster:
    """One that runs; `events` is the directory of Spark's event logs."""

    port: int
    events: Path
    server: subprocess.Popen[bytes]


class ClusterError(Exception):
    """A process of the cluster did not start; the message names its log."""


def find_environment(root: Path) -> Path:
    """The directory of Spark's environment. Raises UsageError."""
    environment = root / ENVIRONMENT_NAME
    if not (environment / "installed").is_file():
        raise UsageError(f"there is no {environment}; run make spark")
    return environment


@contextmanager
def running_cluster(directory: Path, size: Size) -> Iterator[Cluster]:
    """A cluster whose tables, catalogue and logs are in `directory`, ended afterwards.

    Raises UsageError (no environment), ClusterError.
    """
    spark = _spark_home(find_environment(project_root()))
    for name in ("logs", "events", "work"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    master, thrift = free_port(), free_port()
    url = f"spark://{HOST}:{master}"
    web = ["--webui-port", "0"]
    with ExitStack() as running:

        def start(
            name: str, command: Sequence[str], port: int | None = None
        ) -> subprocess.Popen[bytes]:
            log = directory / "logs" / f"{name}.log"
            process = running.enter_context(_process(command, _environment(spark, directory), log))
            if port is not None:
                _wait_for(port, process, log)
            return process

        spark_class = str(spark / "bin" / "spark-class")
        start("master", [spark_class, _MASTER, "--host", HOST, "--port", str(master), *web], master)
        for number in range(size.workers):
            place = directory / "work" / str(number)
            limits = ["--cores", str(size.cores), "--memory", size.memory, "--work-dir", str(place)]
            start(f"worker-{number}", [spark_class, _WORKER, "--host", HOST, *limits, *web, url])
        command = _thrift_server(spark, directory, url, thrift, size)
        server = start("thrift", command, thrift)
        ask(thrift, "prepare")
        yield Cluster(thrift, directory / "events", server)


def ask(port: int, what: str, *arguments: str) -> str:
    """Have the client of Spark's environment do something (client.py); what it printed."""
    python = find_environment(project_root()) / "bin" / "python"
    command = [str(python), "-m", "team.spark.client", what, str(port), *arguments]
    environment = {"PYTHONPATH": str(import_path())}
    return subprocess.run(
        command, check=True, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _spark_home(environment: Path) -> Path:
    (found,) = environment.glob("lib/python3*/site-packages/pyspark")
    return found


def _environment(spark: Path, directory: Path) -> Mapping[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SPARK_")}
    return kept | {
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(directory / "work"),
    }


def _thrift_server(spark: Path, directory: Path, url: str, port: int, size: Size) -> list[str]:
    jars = ":".join(str(path) for path in sorted((spark.parents[3] / "jars").glob("*.jar")))
    catalog = f"spark.sql.catalog.{CATALOG}"
    in_utc = "-Duser.timezone=UTC"
    settings = {
        # Not --jars: the server's sessions have class loaders of their own, which miss these.
        "spark.driver.extraClassPath": jars,
        "spark.executor.extraClassPath": jars,
        "spark.driver.extraJavaOptions": f"{in_utc} -Dderby.system.home={directory}/derby",
        "spark.executor.extraJavaOptions": in_utc,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(size.partitions),
        "spark.executor.memory": size.memory,
        "spark.sql.cteRecursionRowLimit": "-1",
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"file://{directory}/events",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.hadoop.hive.server2.thrift.bind.host": HOST,
        "spark.hadoop.hive.server2.thrift.port": str(port),
        "spark.sql.warehouse.dir": f"{directory}/hive",
        "spark.sql.extensions": (
            "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions"
        ),
        "spark.sql.defaultCatalog": CATALOG,
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "jdbc",
        f"{catalog}.uri": f"jdbc:h2:file:{directory}/catalog;DATABASE_TO_LOWER=TRUE",
        f"{catalog}.cache-enabled": "false",  # each session has a catalogue of its own
        f"{catalog}.jdbc.schema-version": "V1",  # which has views
        f"{catalog}.warehouse": str(directory / CATALOG),
    }
    options = [part for name, text in settings.items() for part in ("--conf", f"{name}={text}")]
    memory = ["--driver-memory", size.driver_memory]
    submit = [str(spark / "bin" / "spark-submit"), "--master", url, *memory, *options]
    return [*submit, "--class", _THRIFT, "spark-internal"]


@contextmanager
def _process(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a group of its own, which is ended with all its children."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        yield process
    finally:
        end_group(process, STOP_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.2)
    raise ClusterError(f"Spark did not start; see {log}")
