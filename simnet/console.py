"""Terminal output: tables on standard output, and in the last line what to open and how to go on."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import terminal_tables
from simnet.many_streams import BEST, MIDDLE, WORST, choose, goodness_of
from simnet.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from simnet.report.evaluation_result import EvaluationResult
    from simnet.report.run_tables import Table as ReportTable

_Columns = tuple[tuple[str, str, str], ...]
"""Columns: title, key in a stream's summary, format (empty for text)."""

_OUTCOMES: _Columns = (
    ("codec", "codec", ""),
    ("frames", "frames", "d"),
    ("decoded", "decoded", "d"),
    ("late", "late", "d"),
    ("lost", "lost", "d"),
    ("corrupt", "corrupt", "d"),
    ("no ref", "reference_lost", "d"),
    ("no node", "node_lost", "d"),
)
_QUALITY: _Columns = (
    ("kbit/s", "kbit_s", ".1f"),
    ("bpp", "bpp", ".3f"),
    ("PSNR dB", "psnr_db", ".2f"),
    ("MS-SSIM", "ms_ssim", ".4f"),
    ("gain dB", "side_gain_db", "+.2f"),
    ("ms p50", "latency_ms_p50", ".0f"),
    ("ms p95", "latency_ms_p95", ".0f"),
)
_GOODNESS = ("frames", "decoded", "latency_ms_p95")
_TAIL: _Columns = (("ms p99", "latency_ms_p99", ".0f"),)
"""Columns that appear once a stream has `LEAST_FOR_P99` frames."""
CATALOGUE = (
    ("models", "models"),
    ("codecs", "codecs"),
    ("rate controls", "rate_controls"),
    ("transports", "transports"),
    ("worlds", "worlds"),
    ("recipes", "recipes"),
    ("metrics", "metrics"),
)
"""What `simnet ls` lists by name: title, key."""


def _console() -> Console:
    """Return the console of standard output; text is printed as it is, whatever brackets a name has."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False)


def show_summary(summary: Mapping[str, Any], note: str = "") -> None:
    """Print the table of streams, the times, a note if there is one, and the path of the report.

    `gain dB` is the gain by side information; `ms` are milliseconds from capture to picture.
    """
    from simnet.row_statistics import LEAST_FOR_P99

    console = _console()
    streams: Mapping[str, Any] = summary["streams"]
    fared = {name: goodness_of(*(own[key] for key in _GOODNESS)) for name, own in streams.items()}
    chosen = {name: streams[name] for name in choose(fared)}
    has_lost_nodes = any(stream["node_lost"] for stream in streams.values())
    outcomes = tuple(each for each in _OUTCOMES if each[1] != "node_lost" or has_lost_nodes)
    columns = outcomes + _QUALITY
    rows = [
        [printable(name), *(_cell(stream[key], form) for _, key, form in columns)] for name, stream in chosen.items()
    ]
    long = {name for name, stream in chosen.items() if stream["frames"] >= LEAST_FOR_P99}
    if long:
        for row, (name, stream) in zip(rows, chosen.items(), strict=True):
            row += [_cell(stream[key] if name in long else None, form) for _, key, form in _TAIL]
        columns += _TAIL
    left = frozenset(number for number, (_, _, form) in enumerate(columns, 1) if not form)
    terminal_tables.show(console, ["stream", *(title for title, _, _ in columns)], rows, left)
    if len(chosen) < len(streams):
        in_time = sum(own["decoded"] for own in streams.values())
        console.print(
            f"\n{len(chosen)} of {len(streams)} streams: the {WORST} with the fewest pictures in time, {MIDDLE} from the middle, "
            f"the {BEST} with the most. Of all frames {in_time} are in time; run.json and --json have every stream.",
            soft_wrap=True,
        )
    console.print(
        f"\n{summary['frames']} frames, {summary['virtual_s']:g} s virtual in {summary['wall_s']:.1f} s wall, "
        f"peak {summary['peak_rss_mb']:.0f} MB"
    )
    if paced := summary.get("realtime"):
        console.print(
            f"{paced['missed']} of {paced['deadlines']} deadlines missed at {paced['factor']:g} wall seconds a virtual second, "
            f"the worst by {paced['worst_ms']:.0f} ms"
        )
    if summary.get("restarts"):
        console.print(f"{summary['restarts']} restarts of a host")
    for name in ("fingerprint", *(() if summary["report"] else ("rows",))):
        console.print(f"{name:<12} {printable(summary[name])}", soft_wrap=True)
    for path in summary.get("exports", ()):
        console.print(f"{'exported':<12} {printable(path)}", soft_wrap=True)
    if note:
        console.print(printable(note), soft_wrap=True)
    folder = shlex.quote(str(Path(summary["rows"]).parent))
    if summary["report"]:
        show_next(summary["report"], f"compare it: simnet report {folder} OTHER_RUN")
    else:
        show_next(None, f"make its page: simnet report {folder}")


def show_next(page: object, how: str = "") -> None:
    """Print the last line of a command: the page to open, and how to go on from there."""
    parts = [f"open {printable(page)}"] if page else []
    _console().print("; ".join([*parts, printable(how)] if how else parts), soft_wrap=True)


def show_sweep(done: Mapping[str, Any]) -> None:
    """Print the result of a sweep and the paths of its table and page."""
    console = _console()
    failed = f", {done['failed']} failed" if done["failed"] else ""
    console.print(
        f"{done['cells']} cells: {done['ran']} run, {done['reused']} reused{failed}; {done['wall_s']:.1f} s wall"
    )
    console.print(f"{done['encodes']} frames encoded, {done['decodes']} decoded")
    console.print(f"{'table':<12} {printable(done['table'])}", soft_wrap=True)


def show_published(paths: Sequence[object]) -> None:
    """Print the paths of figures and tables for a paper."""
    console = _console()
    for path in paths:
        console.print(f"{'published':<12} {printable(path)}", soft_wrap=True)


def show_catalogue(found: Mapping[str, Any]) -> None:
    """Print what can be named: the shipped scenarios, models, codecs, worlds and the rest, and the plug-ins."""
    from rich.table import Table
    from rich.text import Text

    scenarios = found["scenarios"]
    table = Table(box=None, pad_edge=False)
    longest = max((len(printable(each["name"])) for each in scenarios), default=0)
    table.add_column("scenario", no_wrap=True, min_width=longest)
    table.add_column("what it shows", overflow="fold")
    for each in scenarios:
        table.add_row(printable(each["name"]), printable(each["purpose"]))
        if each["expected"]:
            table.add_row("", Text(printable(each["expected"]), style="dim"))
    console = _console()
    console.print(table)
    console.print()
    listed = Table(box=None, pad_edge=False, show_header=False)
    listed.add_column(no_wrap=True)
    listed.add_column(overflow="fold")
    for title, key in CATALOGUE:
        listed.add_row(title, ", ".join(map(printable, found[key])) or "none")
    for each in found["plugins"]:
        plugin = each["fault"] or "{kind} {name} (package {package})".format(**each)
        listed.add_row("plug-in", printable(plugin))
    console.print(listed)


def show_evaluation(result: EvaluationResult, page: object, published: Sequence[object] = ()) -> None:
    """Print the points, the differences to the anchors, the gain by side information, and the paths of what was written."""
    from simnet.report import evaluation_tables, evaluation_verdict

    console = _console()
    side = (
        evaluation_tables.side_information(result),
        evaluation_tables.offsets(result),
        evaluation_tables.complexity(result),
    )
    for table in (evaluation_tables.points(result), *evaluation_tables.comparisons(result), *side):
        if table is not None:
            _print_table(console, table)
    for sentence in evaluation_verdict.sentences(result):
        console.print(printable(sentence), soft_wrap=True)
    left_out = result.get("left_out")
    missing = f"; {left_out} more have no side picture" if left_out else ""
    size = " x ".join(map(str, result.get("size", ())))
    count = f"{result['pictures']} picture{'s' * (result['pictures'] != 1)}"
    console.print(f"{count} of {printable(result['data'])}, {size}{missing}", soft_wrap=True)
    show_published(published)
    if page:
        show_next(page)
    else:
        show_next(None, "write its page and pictures.csv: the same command with --out DIR")


def _print_table(console: Console, table: ReportTable) -> None:
    console.print(printable(table.caption), style="bold", soft_wrap=True)
    left = frozenset(number for number, title in enumerate(table.columns) if title in table.words)
    rows = [[printable(cell) for cell in row] for row in table.rows]
    terminal_tables.show(console, [printable(title) for title in table.columns], rows, left)
    console.print(f"{printable(table.note)}\n" if table.note else "")


def _cell(value: object, form: str) -> str:
    return "-" if value is None else printable(format(value, form))
