"""The documentation as one folder: links lead somewhere, and all works without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import chromium

PROJECT = Path(__file__).resolve().parents[2]
# Built by other commands of `make docs`, into the same folder.
BESIDE = {"dbt/index.html", "lineage/index.html"}
LOADED = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make docs` builds it; --strict makes an error of dead links, for example."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def test_all_that_a_page_loads_is_in_the_folder(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        text = page.read_text(encoding="utf-8")
        # Pages for a server have absolute paths; nobody opens that one from a file.
        for address in LOADED.findall(text) if page.name != "404.html" else ():
            if not address.startswith(("data:", "#")):
                path = (page.parent / re.split("[?#]", address)[0]).resolve()
                assert path.is_file(), f"{page.relative_to(site)} loads {address}"


def test_links_to_what_is_built_beside_are_right(site: Path) -> None:
    """They are written as HTML, as mkdocs knows no such page."""
    found = set()
    for page in site.rglob("*.html"):
        for address in re.findall(
            r'href="([^"]*(?:dbt|lineage)/index\.html)"', page.read_text("utf-8")
        ):
            found.add((page.parent / address).resolve().relative_to(site.resolve()).as_posix())
    assert found == BESIDE


def test_search_works_from_a_file_without_a_network(site: Path) -> None:
    with chromium() as browser:
        page = browser.new_context(offline=True).new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(60_000)
        page.goto((site / "concepts" / "mql.html").as_uri())
        page.locator("input[name=query]").focus()
        page.get_by_text("Type to start searching").wait_for(state="attached")
        page.locator("input[name=query]").press_sequentially("engagement threshold")
        found = page.locator('.md-search-result__link[href*="decisions/mql.html"]')
        found.first.wait_for(state="attached")
        assert not errors
        assert all(address.startswith(("file:", "data:", "about:", "blob:")) for address in asked)


def test_the_readme_fits_on_three_screens_and_its_links_lead_somewhere() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 200
    others = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "DECISIONS.md")]
    for page in [*others, PROJECT / "seeds/README.md", PROJECT / "mappings/README.md"]:
        for address in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert "//" in address or (page.parent / address).exists(), f"{page.name}: {address}"
