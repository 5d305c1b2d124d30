"""The pictures of the README: every model is in its lane, and files stay small."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report_release import hostile_sources, write_release

from qualified_leads.errors import UsageError
from qualified_leads.release.reading import find_release
from qualified_leads.report.build import write_report
from team.pictures.browser import find_chromium
from team.pictures.draw import depths, draw_models, make_pictures, read_nodes

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def model(name: str, folder: str, *parents: str) -> dict[str, object]:
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "fqn": ["p", *folder.split("/"), name],
        "depends_on": {"nodes": list(parents)},
    }


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    raw = {"unique_id": "source.p.raw.leads", "resource_type": "source", "name": "leads"}
    models = [
        model("stg_leads", "staging/raw", "source.p.raw.leads"),
        model("int_<a>", "intermediate/new", "model.p.stg_leads"),
        model("fct_leads", "marts", "model.p.int_<a>", "model.p.stg_leads", "macro.p.x"),
    ]
    content = {
        "nodes": {str(one["unique_id"]): one for one in models},
        "sources": {"source.p.raw.leads": {**raw, "fqn": ["p", "raw", "leads"]}},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    return tmp_path / "manifest.json"


def test_models_are_in_lanes_with_counts_and_references(manifest: Path) -> None:
    nodes = read_nodes(manifest)
    assert depths(nodes)["model.p.fct_leads"] == 3
    svg = ElementTree.fromstring(draw_models(nodes))
    lanes = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    assert lanes == ["sources 1", "staging/raw 1", "marts 1", "intermediate/new 1"]
    assert len(list(svg.iter(f"{SVG}circle"))) == 4
    assert len(list(svg.iter(f"{SVG}path"))) == 4
    assert "int_<a>" in [title.text for title in svg.iter(f"{SVG}title")]


def test_drawing_is_repeatable_and_needs_a_manifest(manifest: Path, tmp_path: Path) -> None:
    assert draw_models(read_nodes(manifest)) == draw_models(read_nodes(manifest))
    with pytest.raises(UsageError, match="dbt parse"):
        read_nodes(tmp_path / "none.json")


@pytest.mark.skipif(find_chromium() is None, reason="no chromium is installed")
def test_pictures_are_small(manifest: Path, tmp_path: Path) -> None:
    release = find_release(tmp_path, write_release(tmp_path, hostile_sources(3)))
    report = write_report(release, tmp_path / "r.html", "EUR")
    for path in make_pictures(manifest, report, tmp_path / "docs"):
        assert 1_000 < path.stat().st_size < 300_000
    assert (tmp_path / "docs/report.png").read_bytes().startswith(b"\x89PNG")


def test_committed_pictures_are_shown_and_small() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("report.png", "models.svg"):
        assert f"](docs/{name})" in readme
        assert (ROOT / "docs" / name).stat().st_size < 300_000
