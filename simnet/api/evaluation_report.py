"""Report on an evaluation's folder, as DataFrames, sentences, figures and a page."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.api import dataframes
from simnet.api.reports import Report, html_table
from simnet.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

    from simnet.report.evaluation_result import BjontegaardDifferences, EvaluationResult

_DIFFERENCE = ("value", "interval_low", "interval_high", "low", "high", "share", "reason")
_DIFFERENCES = ("measure", "value", "interval_low", "interval_high", "over_low", "over_high", "share", "reason")


class EvaluationReport(Report):
    """Report of an evaluation of codecs on pairs of pictures."""

    @property
    def page(self) -> Path:
        """Page as one self-contained HTML file."""
        from simnet.report import evaluation_page

        found = self.path / evaluation_page.PAGE
        if not found.is_file():
            raise InputError(f"{found}: not there, and a page is made only with its evaluation; expected it to be kept")
        return found

    @cached_property
    def result(self) -> EvaluationResult:
        """Result as plain values: what `simnet evaluate --json` prints."""
        from simnet.report import evaluation_page

        return evaluation_page.read(self.path)

    @cached_property
    def pictures(self) -> DataFrame:
        """Pictures: one row for every decoding of every picture, with its bytes and its scores by each metric."""
        from simnet.report import evaluation_page

        file = self.path / evaluation_page.SCORES
        try:
            return dataframes.pandas().read_csv(file, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{file}: cannot be read ({error}); expected what an evaluation writes") from error

    @cached_property
    def points(self) -> DataFrame:
        """Points of all curves: codec, side information (`with`, `none`, `unrelated`), rate, and metrics with their intervals."""
        rows = [
            {"codec": codec, "side_information": way} | dict(point)
            for codec, way, points in self._curves()
            for point in points
        ]
        return dataframes.pandas().DataFrame(rows)

    @cached_property
    def differences(self) -> DataFrame:
        """BD-rates (percent) and BD-PSNR (dB) of each codec against each anchor, with the ends of their 95 % intervals.

        `over_low` and `over_high` bound the interval of quality or rate that a mean is over, `share` is its share of the
        anchor's; `reason` says why a value is missing.
        """
        rows = [
            (anchor, codec, *row)
            for anchor, found in self.result["comparisons"].items()
            for codec, own in found.items()
            if codec != anchor
            for row in _rows(own)
        ]
        return self._frame(("anchor", "codec", *_DIFFERENCES), rows)

    @cached_property
    def side_information(self) -> DataFrame:
        """Gain of side information, related (`with`) and `unrelated`, against the same bitstreams decoded without."""
        found: Mapping[str, Mapping[str, BjontegaardDifferences]] = self.result.get("side_information") or {}
        rows = [(codec, way, *row) for codec, ways in found.items() for way, own in ways.items() for row in _rows(own)]
        return self._frame(("codec", "side_information", *_DIFFERENCES), rows)

    @cached_property
    def complexity(self) -> DataFrame:
        """Complexity by codec: parameters, thousands of multiplications a pixel, milliseconds on the machine that measured."""
        frame = dataframes.pandas().DataFrame.from_dict(dict(self.result.get("complexity") or {}), orient="index")
        return frame.rename_axis("codec").astype("float64")

    @property
    def verdict(self) -> list[str]:
        """Verdict: sentences that the differences support."""
        from simnet.report import evaluation_verdict

        return evaluation_verdict.sentences(self.result)

    def _curves(self) -> Iterator[tuple[str, str, Sequence[Mapping[str, float]]]]:
        controls = self.result.get("controls") or {}
        for codec, points in self.result["points"].items():
            yield codec, "with" if codec in controls else "none", points
            for way, own in controls.get(codec, {}).items():
                yield codec, way, own

    def _frame(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> DataFrame:
        frame = dataframes.pandas().DataFrame(rows, columns=list(columns))
        return frame.astype(dict.fromkeys(_DIFFERENCES[1:-1], "float64"))

    def _repr_html_(self) -> str:
        rows = [
            (anchor, codec, *(own[key]["value"] for key in ("bd_rate_psnr", "bd_rate_ms_ssim", "bd_psnr")))
            for anchor, found in self.result["comparisons"].items()
            for codec, own in found.items()
            if codec != anchor
        ]
        columns = ("anchor", "codec", "BD-rate, PSNR (%)", "BD-rate, MS-SSIM (%)", "BD-PSNR (dB)")
        return html_table(columns, rows) + f"<p>{html.escape(str(self.path))}</p>"


def _rows(own: BjontegaardDifferences) -> Iterator[tuple[Any, ...]]:
    for measure, delta in own.items():
        yield (measure, *(delta.get(key) for key in _DIFFERENCE))
