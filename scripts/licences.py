"""Write docs/licences.md: what the packages that a refresh needs say of their licence."""

from importlib.metadata import metadata
from pathlib import Path

import typer
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

What the packages that a refresh needs (`requirements.lock`) say of their licence; written by
`make licences`.

| package | licence |
|---|---|
"""


def locked_packages(lock: Path) -> list[str]:
    """Names of the packages of a lock that this system and Python get."""
    lines = (line.removesuffix("\\") for line in lock.read_text(encoding="utf-8").splitlines())
    found = [Requirement(line) for line in lines if "==" in line]
    return [one.name for one in found if one.marker is None or one.marker.evaluate()]


def licence_of(package: str) -> str:
    """Its licence expression, else its classifiers, else the first line of its licence field."""
    said = metadata(package)
    classifiers = [
        one.rpartition(" :: ")[2]
        for one in said.get_all("Classifier", [])
        if one.startswith("License :: ")
    ]
    field = said.get("License", "").partition("\n")[0]
    return said.get("License-Expression") or "; ".join(classifiers) or field


def licence_page() -> str:
    """The page as Markdown. Raises PackageNotFoundError where a package is not installed."""
    rows = [f"| {name} | {licence_of(name)} |\n" for name in locked_packages(LOCK)]
    return HEAD + "".join(rows)


def main() -> None:
    """Write docs/licences.md from what is installed."""
    PAGE.write_text(licence_page(), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
