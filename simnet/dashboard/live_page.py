"""Live page of a run, refreshed twice a second in each browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import ui

from simnet.dashboard import charts, ground_map, html_text

if TYPE_CHECKING:
    from simnet.dashboard.state import State

REFRESH_S = 0.5
MOST_TILES = 48
"""Most cameras in the mosaic; more are too small to see, and the choice of streams has all."""
_STYLE = Path(__file__).with_name("style.css")


class Page:
    """Page of one browser; it shows `endpoint` while there is no run."""

    def __init__(self, state: State, endpoint: str, stream: str = "") -> None:
        self._state, self._endpoint, self._chosen = state, endpoint, stream
        self._seen: tuple[int, str, str] | None = None
        self._tiles: dict[str, tuple[ui.element, ui.html]] = {}
        ui.add_css(_STYLE.read_text(encoding="utf-8"))
        with ui.element("div").classes("head"):
            self._title = _text("h1")
            self._status = _text("div")
            self._purpose = _text("div").classes("purpose")
        self._totals = _text("div").classes("totals")
        self._waiting = _text("div").classes("waiting")
        self._grid = ui.element("div").classes("grid")
        with self._grid:
            self._build()
        self.refresh()
        ui.timer(REFRESH_S, self.refresh)

    def _build(self) -> None:
        with _card("Cameras as fusion sees them", "wide"):
            self._mosaic = ui.element("div").classes("mosaic")
        with _card("Map"):
            self._map = _text("div")
            _text("div", html_text.legend())
        with _card("Pictures"):
            self._choice = ui.select([], label="Stream", on_change=lambda event: self._choose(event.value))
            self._choice.classes("choice").props("dense outlined options-dense")
            with ui.element("div").classes("pictures"):
                self._original, self._original_words = _figure("original")
                self._decoded, self._decoded_words = _figure("decoded")
        with _card("Rate"):
            self._rate = ui.echart({}).classes("chart")
        with _card("Quality"):
            self._quality = ui.echart({}).classes("chart")
        with _card("Streams", "wide streams"):
            self._streams = _text("div")
        with _card("Links"):
            self._links = _text("div")
        with _card("Events", "events"):
            self._events = _text("div")

    def refresh(self) -> None:
        """Show the current state if it has changed."""
        state = self._state
        with state.lock:
            seen = (state.version, state.phase, self._chosen)
            if seen == self._seen:
                return
            self._seen = seen
            scenario = state.scenario
            self._title.content = html_text.title(state)
            self._status.content = html_text.status(state)
            self._purpose.content = html_text.purpose(state)
            self._waiting.content = "" if scenario else html_text.waiting(self._endpoint, state.expected)
            self._totals.content = html_text.totals(state) if scenario else ""
            self._grid.set_visibility(scenario is not None)
            if scenario is not None:
                self._offer(list(state.streams))
                self._show()

    def _offer(self, names: list[str]) -> None:
        if self._chosen not in names:
            self._chosen = names[0]
        if list(self._tiles) != names[:MOST_TILES]:
            self._mosaic.clear()
            with self._mosaic:
                self._tiles = {name: self._tile(name) for name in names[:MOST_TILES]}
        if self._choice.options != names or self._choice.value != self._chosen:
            self._choice.set_options(names, value=self._chosen)

    def _tile(self, name: str) -> tuple[ui.element, ui.html]:
        """Make the place of a camera's picture; a click chooses the stream."""
        with ui.element("figure").on("click", lambda: self._choose(name)):
            image = ui.element("img").props('alt=""')
            return image, _text("figcaption")

    def _choose(self, stream: str | None) -> None:
        self._chosen = stream or self._chosen
        self.refresh()

    def _show(self) -> None:
        state, chosen = self._state, self._chosen
        for name, (image, words) in self._tiles.items():
            words.content = html_text.tile(state, name)
            shown = state.streams[name].pictures
            _put(image, None if shown is None else shown.decoded)
        self._map.content = ground_map.svg(state)
        self._streams.content = html_text.streams_table(state, chosen)
        self._links.content = html_text.links_table(state)
        self._events.content = html_text.events_table(state)
        for chart, options in (
            (self._rate, charts.rate(state, chosen)),
            (self._quality, charts.quality(state, chosen)),
        ):
            chart.options.clear()
            chart.options.update(options)
            chart.update()
        own = state.streams[chosen]
        original, decoded = html_text.captions(own)
        self._original_words.content = f"<b>original</b> {original}"
        self._decoded_words.content = f"<b>decoded</b> {decoded}"
        for image, file in ((self._original, "original"), (self._decoded, "decoded")):
            _put(image, None if own.pictures is None else getattr(own.pictures, file))


def _put(image: ui.element, jpeg: bytes | None) -> None:
    """Show a picture, and send it to the browser only if it is another one."""
    source = None if jpeg is None else html_text.data_uri(jpeg)
    if source == image.props.get("src"):
        return
    if source is None:
        image.props.pop("src", None)
    else:
        image.props["src"] = source
    image.update()


def _text(tag: str, content: str = "") -> ui.html:
    # The caller has escaped the names in `content`.
    return ui.html(content, sanitize=False, tag=tag)


def _card(title: str, classes: str = "") -> ui.element:
    card = ui.element("section").classes(classes)
    with card:
        _text("h2", title)
    return card


def _figure(alt: str) -> tuple[ui.element, ui.html]:
    with ui.element("figure"):
        image = ui.element("img").props(f'alt="{alt}"').classes(f"picture-{alt}")
        return image, _text("figcaption")
