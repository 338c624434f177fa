"""The fenced blocks of the README and of the pages in docs."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from support.places import ROOT

FIRST = ("README.md", "docs/tutorial.md")
"""What these pages write, later ones use."""
FENCE = re.compile(
    r"^(?:[ ]*<!-- (?P<mark>no-run|part): (?P<reason>[^\n]+) -->\n)?"
    r"(?P<indent>[ ]*)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
"""A comment in front says that a block is not run (`no-run`) or is a part of a scenario (`part`), and why."""


@dataclass(frozen=True)
class Block:
    """One fenced block; `mark` and `reason` are of the comment in front of it, else empty."""

    page: str
    language: str
    text: str
    mark: str
    reason: str

    @property
    def lines(self) -> list[str]:
        """Its lines, none of them empty."""
        return [line for line in self.text.splitlines() if line.strip()]


def pages() -> list[Path]:
    """Every page, in an order in which each finds what it uses."""
    others = sorted(page for page in (ROOT / "docs").rglob("*.md"))
    first = [ROOT / name for name in FIRST]
    return [*first, *(page for page in others if page not in first), ROOT / "CONTRIBUTING.md"]


def blocks(language: str, page: Path | None = None) -> list[Block]:
    """The blocks of one language, of one page or of all."""
    return [
        Block(
            str(each.relative_to(ROOT)),
            match["language"],
            textwrap.dedent(match["text"]),
            match["mark"] or "",
            match["reason"] or "",
        )
        for each in ([page] if page else pages())
        for match in FENCE.finditer(each.read_text(encoding="utf-8"))
        if match["language"] == language
    ]
