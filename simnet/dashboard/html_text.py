"""Tables and sentences of the live page, as HTML with all names escaped."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from simnet.dashboard.ground_map import (
    OVER,
    STEPS,
    load_colour,
    load_words,
)
from simnet.dashboard.state import totals as totals_of
from simnet.printable import printable_html
from simnet.readable import size_text
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.dashboard.state import State, StreamState
    from simnet.records import Row

_PHASES = {
    "waiting": "waiting for a run",
    "running": "running",
    "silent": "the run has gone silent",
    "ended": "ended",
    "failed": "failed",
}
_EVENTS = 60
_LINKS = 40
"""Maximum number of links in the table; the map shows all links."""


def status(state: State) -> str:
    """Return the phase of the run as text."""
    scenario, phase = state.scenario, state.phase
    said = f'<span class="phase {phase}">{_PHASES[phase]}</span>'
    if scenario is None:
        return said
    now_s, all_s = state.time_ns / SECOND_NS, scenario.duration_ns / SECOND_NS
    said += f' <span class="clock">{now_s:.1f} of {all_s:g} s virtual</span>'
    if state.end is not None:
        said += f' <span class="clock" title="fingerprint">{printable_html(state.end.fingerprint[:16])}</span>'
    if state.sample is not None and state.sample.dropped:
        said += f' <span class="clock">{state.sample.dropped} messages dropped</span>'
    return said


def waiting(endpoint: str, expected: str = "") -> str:
    """Return the text of the page while there is no run: `expected` is starting, or somebody may start one."""
    if expected:
        return f"<p>The run of <code>{printable_html(expected)}</code> is starting. It appears here as soon as it begins.</p>"
    command = f"simnet run vehicle_platoon --live {printable_html(endpoint)}"
    return (
        f"<p>Waiting for a run on <code>{printable_html(endpoint)}</code>. It appears here as soon as it begins:</p>"
        f"<pre>{command}</pre>"
    )


def title(state: State) -> str:
    """Return the page's heading: the name of the run, or of the program before the first run."""
    return printable_html(state.run.run) if state.run else "simnet"


def purpose(state: State) -> str:
    """Return the name and purpose of the scenario."""
    scenario = state.scenario
    if scenario is None:
        return ""
    named = "" if state.run and state.run.run == scenario.name else f"{printable_html(scenario.name)}: "
    return f"{named}{printable_html(scenario.purpose)}"


def legend() -> str:
    """Return the legend of the links' colours."""
    steps = [(colour, said) for _, colour, said in STEPS] + [OVER]
    marks = "".join(f'<span><i style="background:{colour}"></i>{said}</span>' for colour, said in steps)
    return f'<p class="legend">Load of links: {marks}<span>square: fusion</span></p>'


def totals(state: State) -> str:
    """Return the totals of the run so far as a row of figures."""
    found = totals_of(state)
    share = f" ({100 * found.in_time / found.frames:.0f} %)" if found.frames else ""
    figures = (
        ("frames", str(found.frames)),
        ("in time", f"{found.in_time}{share}"),
        ("late or lost", str(found.frames - found.in_time)),
        ("sent", size_text(found.link_bytes)),
        ("all streams", "" if found.kbit_s is None else f"{found.kbit_s:.0f} kbit/s"),
        ("mean PSNR", "" if found.psnr_db is None else f"{found.psnr_db:.2f} dB"),
    )
    return "".join(f"<div><b>{value or '-'}</b><span>{name}</span></div>" for name, value in figures)


def tile(state: State, name: str) -> str:
    """Return the caption of a camera's picture in the mosaic."""
    own = state.streams[name]
    row = next((row for row in reversed(own.rows) if own.pictures and row.sequence == own.pictures.sequence), None)
    last = own.rows[-1] if own.rows else None
    said = "no picture yet" if own.pictures is None else f"{own.pictures.capture_ns / SECOND_NS:.1f} s"
    if row is not None and row.psnr_db is not None:
        said += f", {row.psnr_db:.1f} dB"
    bad = "" if last is None or last.outcome.in_time else f" <em>{printable_html(last.outcome.value)}</em>"
    return f"<b>{printable_html(name)}</b> {said}{bad}"


def streams_table(state: State, chosen: str) -> str:
    """Return a table with one line for each stream: outcomes, rate, quality, and side information of the last frame."""
    heads = ("stream", "codec", "frames", "late or lost", "bpp", "PSNR dB", "side information now")
    lines = []
    for name, own in state.streams.items():
        row = own.rows[-1] if own.rows else None
        bad = sum(count for outcome, count in own.outcomes.items() if not outcome.in_time)
        mean = [each.psnr_db for each in own.rows if each.psnr_db is not None]
        cells = (
            printable_html(row.codec) if row else "",
            str(own.outcomes.total()),
            str(bad),
            f"{row.bpp:.3f}" if row else "",
            f"{sum(mean) / len(mean):.2f}" if mean else "",
            side(row),
        )
        marked = ' class="chosen"' if name == chosen else ""
        lines.append(f"<tr{marked}><th scope=row>{printable_html(name)}</th>{_cells(cells)}</tr>")
    return _table(heads, lines)


def links_table(state: State) -> str:
    """Return a table with one line for each link, the busiest first."""
    found = sorted(state.sample.links if state.sample else (), key=lambda load: -load.load)
    lines = [
        f'<tr><th scope=row><i class=dot style="background:{load_colour(load)}"></i>{printable_html(load.link)}</th>'
        + _cells((load_words(load), f"{load.kbit_s:.0f}", str(load.lost_packets)))
        + "</tr>"
        for load in found[:_LINKS]
    ]
    return _table(("link", "load", "kbit/s", "packets lost"), lines)


def events_table(state: State) -> str:
    """Return a table of the last events, newest first."""
    lines = [
        f"<tr><td>{event.time_ns / SECOND_NS:.2f} s</td><td><span class=kind>{printable_html(event.kind)}</span></td>"
        f"<td>{printable_html(event.where)}</td><td class=words>{printable_html(event.what)}</td></tr>"
        for event in sorted(state.events, key=lambda event: -event.time_ns)[:_EVENTS]
    ]
    if not lines:
        return '<p class="soft">Nothing was lost, late or handed over so far.</p>'
    return _table(("time", "what", "where", ""), lines)


def side(row: Row | None) -> str:
    """Return the sources of side information of a frame."""
    if row is None:
        return ""
    if not row.side_sources:
        return "none"
    age = f", {row.side_age_ns / 1e6:.0f} ms apart" if row.side_age_ns is not None else ""
    return printable_html(", ".join(row.side_sources) + age)


def captions(own: StreamState) -> tuple[str, str]:
    """Return the captions of the original and of the decoded picture."""
    shown = own.pictures
    if shown is None:
        return "no picture yet", ""
    at = f"frame {shown.sequence} at {shown.capture_ns / SECOND_NS:.1f} s"
    row = next((row for row in reversed(own.rows) if row.sequence == shown.sequence), None)
    if row is None or row.psnr_db is None:
        return at, ""
    helped = "without side information"
    if row.side_sources:
        without = f" ({row.alone_psnr_db:.2f} dB without)" if row.alone_psnr_db is not None else ""
        helped = f"with {side(row)}{without}"
    return at, f"{row.psnr_db:.2f} dB, {row.bpp:.3f} bpp, {printable_html(row.outcome.value)}, {helped}"


def data_uri(jpeg: bytes) -> str:
    """Return a JPEG file as a data URI."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _cells(texts: Sequence[str]) -> str:
    return "".join(f"<td>{text}</td>" for text in texts)


def _table(heads: Sequence[str], lines: Sequence[str]) -> str:
    titles = "".join(f"<th scope=col>{head}</th>" for head in heads)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
