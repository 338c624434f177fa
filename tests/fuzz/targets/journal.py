"""Journals: altered bytes of one, and altered records behind checksums that are right."""

import struct
import tempfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import msgpack
from hypothesis import strategies as st

from fuzz.mutations import ODD, altered, changed
from simnet import scenario
from simnet.engine.recovery.journal import FOLDER, LOG, Beginning, Journal
from simnet.errors import InputError
from simnet.records.score import Score
from simnet.wire.protocol.messages import Message

REFUSED = (InputError,)
LONGEST_S = 60.0
PLACE = Path(tempfile.mkdtemp(prefix="fuzz-"))
WHOLE: list[bytes] = []
RECORDS: list[Any] = []
HOST, STREAM = "host-1", "rig_left/left"


def prepare() -> None:
    loaded = scenario.load("stereo_pair")
    invocation = {"command": "simnet run stereo_pair", "overrides": ["seed=1"], "scenario_text": "# a"}
    with closing(Journal.create(PLACE / "valid", Beginning(loaded, 0, invocation))) as journal:
        journal.record(HOST, 1, Message("opened", {}, (b"announced",)))
        journal.record(HOST, 2, Message("coded", {"quality": 0.5}, (b"bitstream", b"state")))
        journal.record(HOST, 3, Message("plan", {}, ()))
        journal.record_score(STREAM, 0, "0" * 32, Score(30.0, 0.9, 29.0, 0.8))
        journal.record_loss(HOST, 4, "it is gone")
    data = (PLACE / "valid" / FOLDER / LOG).read_bytes()
    WHOLE.append(data)
    while data:
        length, _ = struct.unpack(">II", data[:8])
        RECORDS.append(msgpack.unpackb(data[8 : 8 + length]))
        data = data[8 + length :]
    (PLACE / "tried" / FOLDER).mkdir(parents=True)
    attempt(WHOLE[0])


@st.composite
def sealed(draw: st.DrawFn) -> bytes:
    """A log whose checksums are right; some of its records are not what a run writes."""
    records = list(RECORDS)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(records) - 1))
        records[at] = draw(changed(records[at]) | ODD)
    if draw(st.integers(0, 4)) == 0:
        records.insert(draw(st.integers(0, len(records))), draw(st.sampled_from(RECORDS)))
    whole = [packed(each) for each in records]
    if draw(st.integers(0, 9)) == 0:
        whole.append(b"\x91" * draw(st.integers(0, 20_000)) + b"\xc0")
    return b"".join(struct.pack(">II", len(each), zlib.crc32(each)) + each for each in whole)


def packed(record: Any) -> bytes:
    try:
        return bytes(msgpack.packb(record) or b"")
    except (OverflowError, UnicodeEncodeError):
        return b"\xc1"


INPUTS = sealed() | st.deferred(lambda: altered(WHOLE))


def check_text(said: str) -> None:
    assert "\n" not in said
    assert LOG in said or "begun by simnet" in said


def attempt(data: bytes) -> None:
    folder = PLACE / "tried"
    (folder / FOLDER / LOG).write_bytes(data)
    try:
        journal, beginning = Journal.resume(folder)
    except InputError as error:
        check_text(str(error))
        raise
    with closing(journal):
        assert -1 <= beginning.hosts <= 10_000
        for host, ticket in list(journal._answers):
            journal.answer(host, ticket)
        scenario.check(beginning.scenario)
