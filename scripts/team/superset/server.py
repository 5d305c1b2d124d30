"""Start Superset on loopback against the served link, register what it shows, and end it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from qualified_leads.durable import write_whole
from qualified_leads.erase.superset import HOME_NAME, LOG_NAME
from qualified_leads.errors import UsageError
from qualified_leads.lock import WarehouseBusyError, warehouse_lock
from qualified_leads.paths import project_root
from qualified_leads.refresh.dbt_run import target_directory
from qualified_leads.release.publish import LINK_NAME
from qualified_leads.release.reading import find_release
from team.processes import end_group
from team.superset.api import Api, SupersetError
from team.superset.assets import make_bundle, read_manifest
from team.superset.charts import SLUG

HOST = "127.0.0.1"
ENVIRONMENT_NAME = ".venv-superset"  # in the project root
PASSWORD_VARIABLE = "SUPERSET_ADMIN_PASSWORD"
USER = "admin"
START_SECONDS = 180
STOP_SECONDS = 20
_FILES = Path(__file__).with_name("files")


def serve(warehouse: Path, port: int, console: Console) -> None:
    """Run Superset until it is interrupted; prints where it is and, if it was made, the password.

    Raises UsageError (no release, no environment, port taken), SupersetError (it failed).
    """
    release = find_release(warehouse, None)
    binaries = find_environment(project_root())
    manifest = read_manifest(target_directory(project_root()) / "manifest.json")
    bundle = make_bundle(warehouse / LINK_NAME, release.path, manifest)
    _check_port(port)
    password = os.environ.get(PASSWORD_VARIABLE) or secrets.token_urlsafe(18)
    with _home(warehouse) as home:
        environment = _environment(home)
        console.print("Superset is starting, which takes a minute the first time ...")
        _set_up(binaries, home, environment, password)
        with _running(binaries, home, environment, port) as server:
            url = f"http://{HOST}:{port}"
            with Api(url, USER, password) as api:
                api.import_assets(bundle)
            console.print(f"Dashboard: {url}/superset/dashboard/{SLUG}/", soft_wrap=True)
            _show_password(console, password)
            console.print("Ctrl-C ends it.")
            status = server.wait()
            raise SupersetError(f"Superset ended by itself (status {status}); see {_log(home)}")


def find_environment(root: Path) -> Path:
    """The directory of Superset's programs. Raises UsageError."""
    binaries = root / ENVIRONMENT_NAME / "bin"
    if not (binaries / "gunicorn").is_file():
        raise UsageError(f"there is no {root / ENVIRONMENT_NAME}; run make superset")
    return binaries


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As the server does: connections that have just ended don't hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UsageError(f"port {port} can't be used ({error.strerror}); see --port") from None


@contextmanager
def _home(warehouse: Path) -> Iterator[Path]:
    """The private directory of secret key, metadata and log, held by one Superset at a time."""
    home = warehouse / HOME_NAME
    try:
        with warehouse_lock(home):
            if not (home / "secret_key").exists():
                write_whole(home / "secret_key", secrets.token_urlsafe(42))
            yield home
    except WarehouseBusyError:
        raise UsageError(f"another Superset is running in {home}") from None


def _environment(home: Path) -> Mapping[str, str]:
    """Variables of Superset's processes: no password, and no module path of this Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != PASSWORD_VARIABLE and not name.startswith(("PYTHON", "FLASK", "GUNICORN"))
    }
    return kept | {
        "SUPERSET_HOME": str(home),
        "SUPERSET_CONFIG_PATH": str(_FILES / "superset_config.py"),
        "SCARF_ANALYTICS": "false",  # else it counts its users at its maker's
    }


def _log(home: Path) -> Path:
    return home / LOG_NAME


def _set_up(binaries: Path, home: Path, environment: Mapping[str, str], password: str) -> None:
    # -P: modules beside that file are not meant.
    command = [str(binaries / "python"), "-P", str(_FILES / "set_up.py")]
    with _log(home).open("wb") as log:
        done = subprocess.run(
            command,
            cwd=home,
            env=environment,
            input=f"{password}\n".encode(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise SupersetError(f"Superset could not be set up; see {_log(home)}")


@contextmanager
def _running(
    binaries: Path, home: Path, environment: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A healthy server, which is ended together with all its children."""
    command = [str(binaries / "gunicorn"), "--config", str(_FILES / "gunicorn_config.py")]
    with _log(home).open("ab") as log:
        server = subprocess.Popen(
            [*command, "--bind", f"{HOST}:{port}"],
            cwd=home,
            env=environment,
            stdin=subprocess.PIPE,  # closes when this process dies, and the server with it
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process, which ends the server in order
        )
    try:
        _wait_until_healthy(server, home, port)
        yield server
    finally:
        end_group(server, STOP_SECONDS)
        if server.stdin is not None:
            server.stdin.close()


def _wait_until_healthy(server: subprocess.Popen[bytes], home: Path, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SupersetError(f"Superset did not start; see {_log(home)}")
        try:
            answer = httpx.get(f"http://{HOST}:{port}/health", timeout=5, trust_env=False)
            if answer.is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise SupersetError(f"Superset was not healthy in {START_SECONDS} s; see {_log(home)}")


def _show_password(console: Console, password: str) -> None:
    if os.environ.get(PASSWORD_VARIABLE):
        console.print(f"User {USER}, password of ${PASSWORD_VARIABLE}.")
    else:
        line = f"User {USER}, password {password} (until the next start)."
        console.print(line, markup=False, highlight=False, soft_wrap=True)
