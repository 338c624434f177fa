"""An HTML page read without a browser: its tables, figures and text."""

import json
from html.parser import HTMLParser
from pathlib import Path


class Page(HTMLParser):
    """A page as a reader meets it: tables, plots, pictures and what it would fetch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tables: dict[str, list[list[str]]] = {}
        self.images: list[dict[str, str | None]] = []
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self._tag, self._rows, self._plots, self._caption = "", [[""]], "", ""
        self.feed(self.source)
        self.plots = {plot["id"].removeprefix("plot-"): plot for plot in json.loads(self._plots)}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self._tag = own.get("id") or tag if tag == "script" else tag
        self.ids += [own["id"] or ""] if "id" in own else []
        self.fetched += [value for name in ("src", "href") if (value := own.get(name)) and tag != "a"]
        if tag == "img":
            self.images.append(own)
        elif tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        elif tag == "caption":
            self._caption = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.tables.setdefault(self._caption, self._rows)
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "plots":
            self._plots += data
        elif self._tag == "caption":
            self._caption += data
        elif self._tag in ("td", "th"):
            self._rows[-1][-1] += data
        if self._tag not in ("script", "style", "plots"):
            self.text += data

    def row(self, table: str, name: str) -> dict[str, str]:
        """Return the cells of the named row by their column's title."""
        titles, *rows = self.tables[table]
        return next(dict(zip(titles, row, strict=True)) for row in rows if row[0] == name)
