"""The code blocks of README.md, CONTRIBUTING.md and docs/, by what they are for.

A block of bash, sql or python is run, unless the line above it says `<!-- not run: why -->`. A
block whose title is a path is a file that the reader is told to write, one whose title ends in
`, add a row` is added to it. All other kinds are for reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r'^(?P<indent> *)```(?P<kind>\w*)(?: title="(?P<title>[^"]*)")?$')
NOT_RUN = re.compile(r"^ *<!-- not run: (.+) -->$")
RUN = ("bash", "sql", "python")
READ = ("yaml", "csv", "ini", "text", "json")
ADDED = ", add a row"


@dataclass(frozen=True)
class Block:
    """A block under a heading; `kind` is the word of its fence, `not_run` the reason or empty."""

    page: str
    heading: str
    kind: str
    title: str
    text: str
    not_run: str

    @property
    def path(self) -> str:
        """The file that the block is, relative to the project; empty for none."""
        path = self.title.removesuffix(ADDED)
        return path if re.fullmatch(r"[\w-]+(/[\w.-]+)*\.\w+", path) else ""


def pages(project: Path) -> list[Path]:
    """README, docs/ in the order of mkdocs' navigation, CONTRIBUTING: as somebody reads them."""
    nav = (project / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    docs = [project / "docs" / name for name in re.findall(r"([\w/-]+\.md)$", nav, re.MULTILINE)]
    return [project / "README.md", *docs, project / "CONTRIBUTING.md"]


def blocks(project: Path, page: Path) -> list[Block]:
    """Fenced blocks in order, those in items of a list as well."""
    found: list[Block] = []
    heading, reason, opened, lines = "", "", None, []
    for line in page.read_text(encoding="utf-8").splitlines():
        fence = FENCE.match(line)
        if opened and fence and not fence["kind"]:
            name = page.relative_to(project).as_posix()
            text = "\n".join(one.removeprefix(opened["indent"]) for one in lines)
            found.append(Block(name, heading, opened["kind"], opened["title"] or "", text, reason))
            opened, lines, reason = None, [], ""
        elif opened:
            lines.append(line)
        elif fence:
            opened = fence
        elif line.startswith("#"):
            heading = line.lstrip("# ")
        elif line:
            told = NOT_RUN.match(line)
            reason = told[1] if told else ""
    assert opened is None, f"{page}: a block is not closed"
    return found


def commands(block: Block) -> list[str]:
    """The commands of a block of bash, without their comments."""
    return [re.sub(r"\s+# .*$", "", line) for line in block.text.splitlines() if line.strip()]
