"""Pick mutations at random, run the quickest tests that could find each, and report what survives.

    make mutants                            # 60 of a random seed, which is printed
    make mutants MUTANTS="--seed 7 --count 20 --kind sql"

A model or macro is tried in the project that test_mutation builds: first the unit tests of the
models that it is in and of those that read them, then their tables against the reference, then the
data tests. What is left, and Python, is tried by the pytest files that name it, the nearest first.
Nothing in the checkout is changed. Exit status: 0 where at least 95 % are found, else 1.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from harness import BUILT, PROJECT, BuildError, differences, run_dbt
from mutate import Mutant, python_mutants, sql_mutants
from test_mutation import Built, build_example

SCRIPTS = PROJECT / "scripts"
WANTED = 0.95
MOST_FILES = 10  # of pytest, for one mutation
MOST_SECONDS = 900  # for one file; a test that hangs has found its mutation
# What takes many minutes, needs what is not there, or is about other things than code.
DATA = ("--exclude-resource-type", "unit_test")
LEFT_OUT = re.compile(r"test_(mutation|superset|bench|gates|faults|pictures)\.py")


@dataclass(frozen=True)
class Places:
    """Copies to spoil: one to run pytest in, and the built example."""

    copy: Path
    example: Built
    failing: set[str]  # data tests that the example fails as it is


def main() -> int:
    parser = ArgumentParser(description="Try mutations at random.")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    parser.add_argument("--kind", choices=("all", "python", "sql"), default="all")
    parser.add_argument("--only", help="numbers of those to try again, such as 3,17")
    given = parser.parse_args()
    chosen = dict(enumerate(pick(given.seed, given.count, given.kind), 1))
    if given.only:
        chosen = {number: chosen[number] for number in map(int, given.only.split(","))}
    print(f"seed {given.seed}, {len(chosen)} mutations", flush=True)
    survivors = []
    with TemporaryDirectory(prefix="mutants-") as directory:
        places = prepare(Path(directory))
        for number, mutant in chosen.items():
            begun = time.monotonic()
            found = try_one(places, mutant)
            survivors += [] if found else [mutant]
            told = f"found by {found}" if found else "SURVIVED"
            took = f"{time.monotonic() - begun:.0f} s"
            print(f"{number:>3} {mutant}: {told}, {took}", flush=True)
    share = 1 - len(survivors) / len(chosen)
    print(f"found {len(chosen) - len(survivors)} of {len(chosen)} ({share:.0%}); survivors:")
    print("\n".join(map(str, survivors)) or "none")
    return 0 if share >= WANTED else 1


def pick(seed: int, count: int, kind: str) -> list[Mutant]:
    """As many of Python as of SQL, each file with the same chance."""
    random = Random(seed)
    kinds = {"python": python_mutants, "sql": sql_mutants}
    named = list(kinds) if kind == "all" else [kind]
    chosen: list[Mutant] = []
    for place, name in enumerate(named):
        by_file: dict[Path, list[Mutant]] = {}
        for mutant in kinds[name](PROJECT):
            by_file.setdefault(mutant.path, []).append(mutant)
        wanted = count // len(named) + (place < count % len(named))
        while wanted:
            mutant = random.choice(by_file[random.choice(sorted(by_file))])
            if mutant not in chosen:
                chosen.append(mutant)
                wanted -= 1
    return chosen


def prepare(directory: Path) -> Places:
    ignored = shutil.ignore_patterns(*BUILT, ".git")
    copy = Path(shutil.copytree(PROJECT, directory / "copy", ignore=ignored))
    (copy / ".venv").symlink_to(PROJECT / ".venv")
    example = build_example(directory / "example")
    return Places(copy, example, failing(example, "test", *DATA))


def try_one(places: Places, mutant: Mutant) -> str | None:
    """What found the mutation, None where nothing did."""
    if mutant.path.suffix == ".sql":
        with spoiled(places.example.project, mutant):
            if found := try_models(places.example, places.failing, mutant):
                return found
        name = mutant.path.stem
        files = [path for path in test_files() if re.search(rf"\b{name}\b", path.read_text())]
    else:
        files = files_about(module_of(PROJECT / mutant.path))
    for path in files[:MOST_FILES]:
        with spoiled(places.copy, mutant):
            has_passed = passes(places.copy, path)
        # Asked only of a file that failed: most of the time goes into these runs.
        if not has_passed and is_sound(places.copy, path):
            return path.name
    return None


@contextmanager
def spoiled(project: Path, mutant: Mutant) -> Iterator[None]:
    """A copy of the project with the mutation in it, for a while."""
    path = project / mutant.path
    text = path.read_text(encoding="utf-8")
    path.write_text(mutant.applied(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


# Models and macros


def try_models(example: Built, before: set[str], mutant: Mutant) -> str | None:
    models = models_of(mutant)
    if not models:
        return None
    shutil.copy(example.untouched, example.database)
    units = [f"{name}+1,test_type:unit" for name in models]
    if found := failing(example, "test", "--select", *units):
        return f"unit tests: {min(found)}"
    tables = [f"{name}+" for name in models]
    if found := failing(example, "run", "--select", *tables):
        return f"the build: {min(found)}"
    found = differences(example.expected, example.database)
    if found != example.known_differences:
        return f"the reference: {found[0][:60]}"
    if found := failing(example, "test", *DATA, "--select", *tables) - before:
        return f"data tests: {min(found)}"
    return None


def failing(example: Built, *arguments: str) -> set[str]:
    """Nodes of a dbt command that failed."""
    try:
        run_dbt(example.project, *arguments, *example.as_of)
    except BuildError as error:
        named = {line.partition(": ")[0] for line in str(error).splitlines()}
        return {name.split(".")[2] for name in named if name.count(".") > 1} or {"dbt itself"}
    return set()


def models_of(mutant: Mutant) -> list[str]:
    """The model, or the models that call a macro, also by way of another one."""
    if mutant.path.parts[0] == "models":
        return [mutant.path.stem]
    texts = {path: path.read_text() for path in (PROJECT / "macros").rglob("*.sql")}
    names, before = {mutant.path.stem}, set()
    while names != before:
        before = set(names)
        pattern = re.compile(rf"\b({'|'.join(sorted(names))})\b")
        names |= {path.stem for path, text in texts.items() if pattern.search(text)}
    models = (PROJECT / "models").rglob("*.sql")
    return sorted(path.stem for path in models if pattern.search(path.read_text()))


# pytest


def test_files() -> list[Path]:
    return sorted(
        path
        for path in (PROJECT / "tests" / "python").glob("test_*.py")
        if not LEFT_OUT.fullmatch(path.name)
    )


def files_about(module: str) -> list[Path]:
    """Test files that import a module of the package, then those of the modules that import it.

    Before the latter those that are named after its job: fixtures import it for them.
    """
    job = module.split(".")[1]
    named_after_job = [path for path in test_files() if path.stem.startswith(f"test_{job}")]
    package = sorted((SCRIPTS / "qualified_leads").rglob("*.py"))
    found: list[Path] = []
    ring, seen = [module], {module}
    while ring and len(found) < MOST_FILES:
        for name in ring:
            importing = [path for path in test_files() if name in imported_by(path)]
            words = name.split(".")[1:]
            named_so = [path for path in importing if any(word in path.stem for word in words)]
            found = list(dict.fromkeys((*found, *named_so, *importing, *named_after_job)))
        ring = [module_of(path) for path in package if imported_by(path) & set(ring)]
        ring = [name for name in ring if name not in seen]
        seen |= set(ring)
    return found


def module_of(path: Path) -> str:
    """The name by which a file in scripts/ is imported."""
    return ".".join(path.relative_to(SCRIPTS).with_suffix("").parts)


def imported_by(path: Path) -> set[str]:
    """Modules of the package that a file imports, among other names that it imports from there."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("qualified_leads"):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@cache
def is_sound(copy: Path, path: Path) -> bool:
    """Whether a test file passes as the project is: else its failure says nothing."""
    return passes(copy, path)


def passes(copy: Path, path: Path) -> bool:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            [*command, str(path.relative_to(PROJECT))],
            cwd=copy,
            env=environment,
            capture_output=True,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode in (0, 5)  # 5: all of its tests were skipped


if __name__ == "__main__":
    os.nice(10)
    sys.exit(main())
