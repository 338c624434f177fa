"""Pages that MkDocs makes at build time: nothing generated is committed.

    JSON Schema ──▶ reference/scenario.md         parser ──▶ reference/commands.md       shipped scenarios ──▶ scenarios.md
    CONTRIBUTING, CHANGELOG, SECURITY, models/README ──▶ the pages of the same names
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import command_reference
import record_tables
import schema_reference
from mkdocs.structure.files import File
from simnet import cli, scenario

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parent.parent.parent
COPIED = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
    "models.md": "models/README.md",
}
"""Pages that stand elsewhere in the repository, where their readers look for them."""
LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")
GALLERY = """\
# The shipped scenarios

Each file says in its first line what it is, and under `expect:` what it is expected to show: in words, and as checks that a test holds against
runs of the scenario and of its variants. The figures are of the shipped seeds. `simnet check NAME --expected` runs the checks of one scenario;
`simnet ls` lists them all. [Write a scenario](howto/scenarios.md) says how a scenario of your own gets such checks.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and the pictures that the README has too."""
    pages = {
        "reference/scenario.md": schema_reference.page(scenario.schema_json()),
        "reference/commands.md": command_reference.page(),
        "scenarios.md": _gallery(),
        **{name: _copied(ROOT / source) for name, source in COPIED.items()},
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for picture in sorted((ROOT / "scenarios" / "gallery").iterdir()):
        files.append(File.generated(config, f"images/{picture.name}", abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill in the tables of records."""
    return record_tables.filled(markdown)


def _gallery() -> str:
    """Return the page of scenarios, from what `simnet ls` lists."""
    listed = io.StringIO()
    with contextlib.redirect_stdout(listed):
        cli.main(["ls", "--json"])
    sections = [
        f"## {each['name']}\n\n![]({_picture(each['name'])}){{ .gallery }}\n\n{each['purpose']}\n\n*{each['expected']}*\n"
        for each in json.loads(listed.getvalue())["scenarios"]
    ]
    return "\n".join([GALLERY, *sections])


def _picture(name: str) -> str:
    return f"images/{name}.jpg"


def _copied(source: Path) -> str:
    """Return a file's text; links to pages lead to the pages, and other files of the repository are named without a link."""
    text = source.read_text(encoding="utf-8")
    names = {target: page for page, target in COPIED.items()}

    def moved(match: re.Match[str]) -> str:
        target, _, anchor = match[1].partition("#")
        page = names.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else "")
        return f"]({page}{'#' if anchor else ''}{anchor})" if page else "]()"

    return re.sub(r"\[([^\]]*)\]\(\)", r"\1", LINK.sub(moved, text))
