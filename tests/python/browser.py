"""A report opened in a real browser, with what it said on the console and asked of the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from team.pictures import browser


@dataclass
class Opened:
    """A page with what it said on the console and what it asked the network for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, or a skipped test where none is installed."""
    path = browser.find_chromium()
    if path is None:
        pytest.skip("no chromium is installed (apt-get install chromium)")
    with browser.chromium(path) as started:
        yield started


def open_file(started: Browser, file: Path, **context: Any) -> Opened:
    """Open a report and wait until its charts are drawn."""
    context.setdefault("viewport", {"width": 1200, "height": 900})
    opened = Opened(started.new_context(**context).new_page())
    page = opened.page
    page.set_default_timeout(120_000)  # a busy machine draws slowly
    page.on("console", lambda message: opened.complaints.append(message.text))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("request", lambda request: opened.requests.append(request.url))
    page.goto(file.as_uri())
    if context.get("java_script_enabled", True):
        page.wait_for_selector("html[data-charts]")
        assert page.locator("html").get_attribute("data-charts") == "drawn"
    return opened
