"""Functions that the models call and DuckDB does not have; each is behind a macro of its name."""

from __future__ import annotations

import unicodedata

import duckdb
import idna


def ascii_domain(name: str) -> str:
    """A host name in lower case with its international labels in ASCII form (`xn--...`).

    As browsers do (UTS #46, non-transitional): `straße.de` is not `strasse.de`. A label that is no
    valid one stays as it is, and so the function never fails.
    """
    return ".".join(map(_ascii_label, name.split(".")))


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        mapped = idna.uts46_remap(label, std3_rules=False, transitional=False)
    except idna.IDNAError:
        return label
    return mapped if mapped.isascii() else f"xn--{mapped.encode('punycode').decode('ascii')}"


def unicode_domain(name: str) -> str:
    """The host name of `ascii_domain` in letters; what is no international label stays."""
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def compared_address(email: str) -> str:
    """An e-mail as the model int_lead_addresses compares it; without an @ it has no mailbox."""
    mailbox, at, domain = email.strip(" ").lower().rpartition("@")
    return unicodedata.normalize("NFC", mailbox) + at + ascii_domain(domain)


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a connection and its cursors."""
    connection.create_function("ascii_domain", ascii_domain, ["VARCHAR"], "VARCHAR")
