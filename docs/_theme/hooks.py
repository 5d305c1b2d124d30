"""What mkdocs does beside building the pages."""

from typing import Any


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Search finds how something is done before why it is so."""
    if page.file.src_uri.startswith("decisions/"):
        page.meta["search"] = {"boost": 0.3}
    return markdown
