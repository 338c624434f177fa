"""A ledger writes rows while a run goes on, in order of capture, and what is written changes neither rows nor fingerprint."""

from __future__ import annotations

import pytest

from simnet.engine.results import ledger as ledgers
from simnet.engine.results.ledger import Ledger
from simnet.net import Transfer
from simnet.records import Outcome, Row
from simnet.records.grants import Coded, Decision
from support import run_folders as made

SCENARIO = made.platoon(1.0)
STREAM = SCENARIO.streams[0].name
MS = 1_000_000


def _told(ledger: Ledger, frames: int, stuck: int | None = None) -> Ledger:
    """Tell a ledger of frames 100 ms apart, each there before the next one; `stuck` is decided on last."""
    for sequence in range(frames):
        now_ns = sequence * 100 * MS
        ledger.captured(STREAM, sequence, now_ns)
        ledger.coded(STREAM, Coded(sequence, 0.5, bytes(100), key=True), now_ns + 5 * MS)
        sent = Transfer("a", "b", 100, 140, 1, 0, now_ns + 5 * MS, now_ns + 20 * MS, 0, complete=True)
        ledger.arrived(STREAM, sequence, sent, now_ns + 20 * MS)
        if sequence != stuck:
            ledger.decided(Decision(STREAM, sequence, Outcome.DECODED, now_ns, now_ns + 40 * MS), now_ns + 20 * MS)
    if stuck is not None:
        ledger.decided(Decision(STREAM, stuck, Outcome.LATE, 0, 10**9), 10**9)
    return ledger


def _parts(monkeypatch: pytest.MonkeyPatch, part: int, *, stuck: int | None = None, has_pictures: bool = False):
    monkeypatch.setattr(ledgers, "PART", part)
    written: list[list[int]] = []
    rows: list[Row] = []

    def write(values) -> None:
        written.append([each[3] for each in values])
        rows.extend(Row(*each) for each in values)

    ledger = _told(Ledger("run", SCENARIO, write, has_pictures=has_pictures), 10, stuck)
    ledger.finish()
    return written, rows, ledger.fingerprint()


def test_rows_are_written_in_parts_and_are_those_of_one_part(monkeypatch):
    written, rows, fingerprint = _parts(monkeypatch, 4)
    assert written == [[0, 1, 2], [3, 4, 5, 6], [7, 8, 9]]  # the frame that has just been captured is not over
    assert (rows, fingerprint) == _parts(monkeypatch, 1000)[1:]


def test_open_frame_keeps_those_after_it_in_order(monkeypatch):
    written, rows, fingerprint = _parts(monkeypatch, 2, stuck=2)
    assert written[-1] == list(range(2, 10))
    assert [row.sequence for row in rows] == list(range(10))
    assert fingerprint == _parts(monkeypatch, 1000, stuck=2)[2]


def test_rows_with_pictures_wait_for_their_scores(monkeypatch):
    assert _parts(monkeypatch, 2, has_pictures=True)[0] == [list(range(10))]
