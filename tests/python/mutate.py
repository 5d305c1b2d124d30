"""Small wrongs that could be written by mistake, found in the text of the project's code.

Each is one edit of one file. Messages, docstrings, annotations, what only prints and sizes that
are a power of two (of buffers and the like) are left out, as a change of these is no wrong. In SQL
what stands in Jinja tags, comments and quotes is left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Tools of the team, whose results nobody scores leads by.
SWAPPED = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "=": "<>",
    "<>": "=",
    "in": "not in",
    "not in": "in",
    "is": "is not",
    "is not": "is",
    "and": "or",
    "or": "and",
    "+": "-",
    "-": "+",
    "min": "max",
    "max": "min",
    "True": "False",
    "False": "True",
    "left join": "inner join",
}
TELLS = {
    "print",
    "print_report",
    "write",
    "warn",
    "_warn",
    "add_row",
    "add_column",
    "Argument",
    "Option",
}


@dataclass(frozen=True)
class Mutant:
    """One edit: the text in [start, end) of a file becomes `new`."""

    path: Path  # relative to the project
    start: int
    end: int
    old: str
    new: str
    line: int

    def __str__(self) -> str:
        old, new = (" ".join(text.split())[:60] for text in (self.old, self.new))
        return f"{self.path}:{self.line}: {old!r} -> {new!r}"

    def applied(self, text: str) -> str:
        """The text of the file with the wrong in it."""
        assert text[self.start : self.end] == self.old
        return text[: self.start] + self.new + text[self.end :]


def python_mutants(root: Path) -> list[Mutant]:
    """All of the package, apart from the report, which shows what others worked out."""
    found = []
    for path in sorted((root / "scripts" / "qualified_leads").rglob("*.py")):
        if path.parent.name != "report":
            text = path.read_text(encoding="utf-8")
            edits = _python_edits(ast.parse(text), _Places(text))
            found += _made(path.relative_to(root), text, edits)
    return found


def sql_mutants(root: Path) -> list[Mutant]:
    """All of models and macros, apart from macros of another engine."""
    found = []
    for path in sorted([*(root / "models").rglob("*.sql"), *(root / "macros").rglob("*.sql")]):
        text = path.read_text(encoding="utf-8")
        found += _made(path.relative_to(root), text, _sql_edits(_masked(text)))
    return found


Edit = tuple[int, int, str]


def _made(path: Path, text: str, edits: Iterator[Edit]) -> list[Mutant]:
    return [
        Mutant(path, start, end, text[start:end], new, text.count("\n", 0, start) + 1)
        for start, end, new in sorted(set(edits))
    ]


# Python


class _Places:
    """Offsets of a syntax tree's nodes in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [0]
        for line in text.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self._source = text.splitlines(keepends=True)

    def _at(self, line: int, column: int) -> int:
        return self.lines[line - 1] + len(self._source[line - 1].encode()[:column].decode())

    def of(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        begin = self._at(node.lineno, node.col_offset)
        return begin, self._at(node.end_lineno, node.end_col_offset)

    def between(self, left: ast.expr, right: ast.expr, pattern: str) -> tuple[int, int] | None:
        """Where an operator stands between two operands."""
        begin, end = self.of(left)[1], self.of(right)[0]
        found = re.search(pattern, self.text[begin:end])
        return None if found is None else (begin + found.start(), begin + found.end())


def _python_edits(tree: ast.AST, places: _Places) -> Iterator[Edit]:
    for node in ast.iter_child_nodes(tree):
        if (
            _is_told(node)
            or _is_size(node)
            or isinstance(node, ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom)
        ):
            continue
        yield from _edits_of(node, places)
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                yield from _edits_of(node.value, places)
                yield from _python_edits(node.value, places)
        elif isinstance(node, ast.arguments):
            for default in [*node.defaults, *filter(None, node.kw_defaults)]:
                yield from _edits_of(default, places)
        else:
            yield from _python_edits(node, places)


def _is_told(node: ast.AST) -> bool:
    """Whether a statement or call only says something."""
    call = node.value if isinstance(node, ast.Expr) else node
    if isinstance(call, ast.Constant):
        return isinstance(call.value, str)
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in TELLS


def _is_size(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift)


def _edits_of(node: ast.AST, places: _Places) -> Iterator[Edit]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        operands = (node.left, node.comparators[0])
        yield from _swap(places, *operands, r"[<>]=?|[!=]=|is not|not in|\bis\b|\bin\b")
    elif isinstance(node, ast.BoolOp):
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _swap(places, left, right, r"\band\b|\bor\b")
    elif isinstance(node, ast.BinOp) and not (_is_text(node.left) or _is_text(node.right)):
        if isinstance(node.op, ast.Add | ast.Sub):
            yield from _swap(places, node.left, node.right, r"[+-]")
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        is_flag = isinstance(node.value, bool)
        new = SWAPPED[str(node.value)] if is_flag else str(node.value + 1)
        yield (*places.of(node), new)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        begin, end = places.of(node.test)
        yield begin, end, f"not ({places.text[begin:end]})"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield (*places.of(node), "pass")


def _swap(places: _Places, left: ast.expr, right: ast.expr, pattern: str) -> Iterator[Edit]:
    found = places.between(left, right, pattern)
    if found is not None:
        yield (*found, SWAPPED[places.text[slice(*found)]])


def _is_text(node: ast.expr) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return is_text or isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp)


# SQL

_HIDDEN = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|--[^\n]*|'(?:[^']|'')*'", re.DOTALL)
_OTHER_ENGINE = re.compile(r"\{%-? macro spark__.*?endmacro -?%\}", re.DOTALL)
_WORDS = re.compile(
    r"(?<![<>=!-])(?:<=|>=|<>|[<>=])(?![<>=])|(?<= )[+-](?= )|\b(?:and|or|min|max|left join)\b"
)
_CONDITION = re.compile(r"^[ ]*and (?P<rest>[^\n]*)$", re.MULTILINE)
_ONLY = re.compile(r"\bwhere (?P<rest>[^\n]*)$", re.MULTILINE)


def _masked(text: str) -> str:
    """The text with a blank for each character that is no SQL, or that of another engine."""
    for pattern in (_OTHER_ENGINE, _HIDDEN):
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    return text


def _sql_edits(text: str) -> Iterator[Edit]:
    no_choice = r"\bbetween\s+\S+\s+and\b|\bcreate or\b"
    between = {found.end() for found in re.finditer(no_choice, text)}
    for found in _WORDS.finditer(text):
        if found.end() not in between:
            yield found.start(), found.end(), SWAPPED[found.group()]
    for found in re.finditer(r"(?<![\w.'-])\d+(?:\.\d+)?(?:e\d+)?(?![\w.'])", text):
        number = found.group()
        new = str(int(number) + 1) if number.isdigit() else f"{float(number) + 1}e0"
        yield found.start(), found.end(), new
    for found in re.finditer(r"\b(?:desc|distinct)\b", text):
        yield found.start(), found.end(), ""
    for pattern, new in ((_CONDITION, ""), (_ONLY, "where true")):
        for found in pattern.finditer(text):
            rest = found.group("rest")
            is_whole = rest.strip() and rest.count("(") == rest.count(")")
            if is_whole and not between & set(range(found.start(), found.end())):
                yield found.start(), found.end(), new
