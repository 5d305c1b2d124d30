"""Build the seed source_categories from a list of traffic sources; see seeds/README.md."""

import csv
from pathlib import Path

CATEGORIES = {
    "SOURCE_CATEGORY_SEARCH": "search",
    "SOURCE_CATEGORY_SHOPPING": "shopping",
    "SOURCE_CATEGORY_SOCIAL": "social",
    "SOURCE_CATEGORY_VIDEO": "video",
}
# Networks that are younger than the list.
ADDED = {"bsky.app": "social", "threads.net": "social", "x": "social", "x.com": "social"}


class SourceListError(Exception):
    """The list cannot be read or does not look as expected; the text is one line."""


def read_source_list(path: Path) -> dict[str, str]:
    """Return category by source in lower case; SourceListError where the file is another one."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {
            row["source"].strip().lower(): CATEGORIES[row["source_category"].strip()]
            for row in rows
        }
    except OSError as error:
        raise SourceListError(f"{path.name} cannot be read") from error
    except (KeyError, AttributeError, UnicodeDecodeError) as error:
        raise SourceListError(f"{path.name} is no list of source and source_category") from error


def build_source_categories(source_list: Path, seeds: Path) -> int:
    """Write source_categories.csv (UTF-8, LF, sorted by source) and return its row count."""
    categories = ADDED | read_source_list(source_list)
    with (seeds / "source_categories.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["source", "source_category"])
        writer.writerows(sorted(categories.items()))
    return len(categories)
