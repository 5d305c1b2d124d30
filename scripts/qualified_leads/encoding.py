"""The encodings of text files: what is UTF-8, what is not and says so, and what to declare then."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path

from qualified_leads.errors import UsageError

CHUNK_BYTES = 8 << 20
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_WINDOWS = re.compile("[\x80-\x9f]")

Advance = Callable[[int], None]


def has_utf16_mark(path: Path) -> bool:
    """Whether a file begins with a byte order mark of UTF-16, as Excel's "Unicode text" does."""
    with path.open("rb") as stream:
        return stream.read(2) in _UTF16_BOMS


def check_utf8(path: Path, name: str, advance: Advance) -> None:
    """Raise UsageError with byte offset, line and what to declare where the file isn't UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, lines = 0, 1
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                at = error.start - pending
                line = lines + chunk.count(b"\n", 0, max(at, 0))
                raise UsageError(
                    f"{name} is not UTF-8: byte {offset + at + 1}, line {line}; {_advice(path)}"
                ) from None
            offset += len(chunk)
            lines += chunk.count(b"\n")
            advance(len(chunk))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8: it ends inside a character, line {lines}") from None


def _advice(path: Path) -> str:
    """What to declare. Latin-1 is never it: it reads any bytes, and Windows' dashes as nothing."""
    if _decodes(path, "cp1252"):
        return (
            "declare its encoding in a mapping file: of a Windows program `encoding: cp1252`, of an"
            " old Mac `mac_roman`, of DOS `cp850`, and look at the letters that landed"
        )
    return "declare its encoding in a mapping file, such as `encoding: cp1250`, `cp1251` or `cp932`"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def transcode(path: Path, name: str, encoding: str, target: Path) -> None:
    """Write the file as UTF-8 to `target`; raise UsageError where it isn't in that encoding."""
    with path.open("rb") as source, target.open("wb") as sink:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := source.read(CHUNK_BYTES):
                text = decoder.decode(chunk)
                if is_latin1(encoding) and _WINDOWS.search(text):
                    raise UsageError(
                        f"{name} has characters of Windows, such as a dash, that {encoding} has"
                        " not; declare `encoding: cp1252` in the mapping file"
                    )
                sink.write(text.encode())
            sink.write(decoder.decode(b"", final=True).encode())
        except UnicodeError:
            raise UsageError(f"{name} is not in the encoding {encoding} that is declared") from None


def is_latin1(encoding: str) -> bool:
    """Whether a name means Latin-1, in which the letters of Windows are control characters."""
    return codecs.lookup(encoding).name == "iso8859-1"


def is_really_utf8(path: Path) -> bool:
    """Whether a file has letters outside ASCII and all of them are UTF-8, which is no chance."""
    with path.open("rb") as stream:
        is_ascii = all(chunk.isascii() for chunk in iter(lambda: stream.read(CHUNK_BYTES), b""))
    return not is_ascii and _decodes(path, "utf-8")
