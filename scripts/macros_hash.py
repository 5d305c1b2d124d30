"""Write the hash of the macros into dbt_project.yml: engines without Python tell a change by it."""

import re

from qualified_leads.paths import project_root
from qualified_leads.refresh.fingerprints import macros_hash


def main() -> None:
    """Replace the value of the variable macros_hash."""
    path = project_root() / "dbt_project.yml"
    text = path.read_text(encoding="utf-8")
    line = f"  macros_hash: {macros_hash(project_root())}"
    changed = re.sub(r"^  macros_hash: \S+", line, text, flags=re.MULTILINE)
    path.write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    main()
