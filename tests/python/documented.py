"""The code blocks of README.md and CONTRIBUTING.md, by what they are for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)$")
COMMAND = re.compile(r"^([A-Z_]+=\S+ )*(\.venv/bin/|make |duckdb |dbt |export |cp )")
QUERY = re.compile(r"^(attach|select|with|from)\b")


@dataclass(frozen=True)
class Block:
    """A block of code under a heading; `kind` is shell, sql, the word of its fence, or other."""

    page: str
    heading: str
    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Fenced and indented blocks in order; those in items of a list are none."""
    found: list[Block] = []
    heading, kind, lines = "", None, []
    for line in [*page.read_text(encoding="utf-8").splitlines(), "# end"]:
        fence = FENCE.match(line)
        if kind in (None, "indented") and not (line.startswith("    ") or not line and lines):
            if lines:
                found.append(_indented(page, heading, lines))
            kind, lines = None, []
        if fence and kind is None:
            kind = fence[1] or "other"
        elif fence:
            found.append(Block(page.name, heading, str(kind), "\n".join(lines)))
            kind, lines = None, []
        elif kind in (None, "indented"):
            if line.startswith("    ") or lines:
                kind = "indented"
                lines.append(line[4:])
            elif line.startswith("#"):
                heading = line.lstrip("# ")
        else:
            lines.append(line)
    return found


def _indented(page: Path, heading: str, lines: list[str]) -> Block:
    text = "\n".join(lines).strip("\n")
    kind = "shell" if COMMAND.match(text) else "sql" if QUERY.match(text) else "other"
    return Block(page.name, heading, kind, text)


def commands(block: Block) -> list[str]:
    """The commands of a shell block, without their comments."""
    return [re.sub(r"\s+# .*$", "", line) for line in block.text.splitlines() if line.strip()]
