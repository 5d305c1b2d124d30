"""What make installs, and when, with a Python and a pip that only note what they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIT = """#!/bin/sh
[ "$1" = -c ] && exit 0
mkdir -p "$3/bin"
printf '#!/bin/sh\\nfor last; do :; done; echo %s "$last" >> told\\n' "${0##*/}" > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""
UNFIT = "#!/bin/sh\nexit 1\n"
PYTHONS = ("python3", "python3.11", "python3.12", "python3.13")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile and two locks, and no Python that would do."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("one\n")
    for name in PYTHONS:
        write_python(tmp_path, name, UNFIT)
    return tmp_path


def write_python(project: Path, name: str, text: str) -> None:
    path = project / "path" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make(project: Path, *arguments: str) -> tuple[int, str, list[str]]:
    """Exit status, standard error, and the Python and lock of each installation."""
    told = project / "told"
    told.unlink(missing_ok=True)
    left_out = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        ["make", *arguments],
        cwd=project,
        env={**kept, "PATH": f"{project / 'path'}:{kept['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, told.read_text().splitlines() if told.exists() else []


def test_installs_what_is_asked_for_and_only_when_a_lock_changes(project: Path) -> None:
    write_python(project, "python3.12", FIT)
    runtime, tools = "python3.12 requirements.lock", "python3.12 requirements-dev.lock"
    assert make(project, ".venv/installed") == (0, "", [runtime])
    assert make(project, "dev") == (0, "", [tools])
    for lock in project.glob("*.lock"):
        lock.touch()
    assert make(project, "dev") == (0, "", [])
    (project / "requirements-dev.lock").write_text("two\n")
    assert make(project, ".venv/installed") == (0, "", [])
    assert make(project, "dev") == (0, "", [runtime, tools])
    (project / "requirements.lock").write_text("two\n")
    assert make(project, "dev") == (0, "", [runtime, tools])


@pytest.mark.parametrize("arguments", [(), ("PYTHON=path/python3.12",)], ids=str)
def test_unfit_pythons_are_refused_and_leave_what_is_installed(
    project: Path, arguments: tuple[str, ...]
) -> None:
    if arguments:
        write_python(project, "python3.13", FIT)  # would do, but another one is asked for
    (project / ".venv").mkdir()
    status, errors, told = make(project, "dev", *arguments)
    assert (status, told) == (2, []) and (project / ".venv").is_dir()
    assert "One of Python 3.11 3.12 3.13, with venv, is needed: make PYTHON=" in errors
