"""What lies in the directory of a load: its files, and by name whatever can't be read as one."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from qualified_leads.errors import UsageError
from qualified_leads.failures import why

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass
class Found:
    """Regular files and directories, links followed; `unreadable` maps other names to why."""

    files: list[Path] = field(default_factory=list)
    directories: list[Path] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def check_directory(source: Path) -> None:
    """Raise UsageError where the source of a load is no directory."""
    try:
        if source.is_dir():
            return
        what = "is not a directory" if source.exists() else "does not exist"
    except OSError as error:
        raise UsageError(f"cannot read {why(error, source)}") from None
    raise UsageError(f"{source} {what}")


def look(directory: Path, source: Path, found: Found) -> None:
    """Add what is in one directory. Nothing is opened: to open a pipe waits for its writer."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        found.unreadable[f"{_name(directory, source)}/"] = _said(error)
        return
    for path in (directory / name for name in names):
        if is_hidden(path):
            continue
        name = _name(path, source)
        try:
            name.encode()
            mode = path.stat().st_mode
        except UnicodeError:
            found.unreadable[name.encode(errors="replace").decode()] = "a name that is not UTF-8"
        except OSError as error:
            is_link = error.errno == errno.ENOENT and path.is_symlink()
            found.unreadable[name] = "a link to nothing" if is_link else _said(error)
        else:
            if stat.S_ISREG(mode):
                found.files.append(path)
            elif stat.S_ISDIR(mode):
                found.directories.append(path)
            else:
                found.unreadable[name] = _KINDS.get(stat.S_IFMT(mode), "no file")


def walk(directory: Path, source: Path) -> Found:
    """Look into a directory and all below; links lead to no other place than that."""
    found = Found()
    look(directory, source, found)
    for below in found.directories:
        if not below.is_symlink():
            look(below, source, found)
        elif not below.resolve().is_relative_to(source.resolve()):
            found.unreadable[f"{_name(below, source)}/"] = "a link out of the directory"
    return found


def is_hidden(path: Path) -> bool:
    """Of the system, or the lock of a workbook that somebody has open."""
    return path.name.startswith((".", "~$")) or path.name == "lost+found"


def _name(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix()


def _said(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
