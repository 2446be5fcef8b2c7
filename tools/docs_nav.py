"""MkDocs hook: the navigation follows from the folders, so that a new page needs no entry anywhere."""

from pathlib import Path
from typing import Any

PARTS = {
    "tutorials": "Tutorials",
    "how-to": "How-to guides",
    "reference": "Reference",
    "explanation": "Explanation",
    "validation": "Validation studies",
    "decisions": "Decisions",
}


def on_config(config: Any) -> Any:
    """Fill `nav` with the home page and each part that has pages."""
    docs = Path(config["docs_dir"])
    navigation: list[Any] = [{"Vestige": "index.md"}]
    for folder, title in PARTS.items():
        pages = sorted(page.relative_to(docs).as_posix() for page in (docs / folder).rglob("*.md"))
        if pages:
            navigation.append({title: pages})
    config["nav"] = navigation
    return config
