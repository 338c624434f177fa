"""What a host is told when it comes back while pictures are on their way: whole chains, in the order of their tickets."""

from dataclasses import replace
from pathlib import Path

import pytest

from simnet.codec.bitstream import framing
from simnet.engine.recovery import marshalling
from simnet.engine.recovery.picture_spool import PictureSpool
from simnet.engine.recovery.replay import Replay
from simnet.errors import NodeError
from simnet.records import Announcement, Outcome, Scenario
from simnet.records.grants import Decision, SideChoice
from simnet.wire.protocol.messages import Message
from support.tiny_runs import MS, change_streams

HOST = "host-1"
ANNOUNCED = Announcement("h264", "", "", "", 64, 48)


class Told:
    """A replay that posts pictures of `car/a` and `van/b`, numbered as they come, and reads back what it would tell."""

    def __init__(self, folder: Path, scenario: Scenario, behind: int = 8) -> None:
        self.spool = PictureSpool(folder, scenario, behind)
        self.replay = Replay(self.spool)
        self._tickets = 0

    def ask(self, sequence: int, stream: str = "car/a", *, key: bool = False, sides: tuple = ()) -> int:
        data = framing.pack(framing.Header(sequence, 10, key), b"payload", ANNOUNCED)
        decision = Decision(stream, sequence, Outcome.DECODED, 0, 0, tuple(SideChoice(*side, 0) for side in sides))
        return self.post(marshalling.picture_message(decision, data))

    def post(self, message: Message) -> int:
        self._tickets += 1
        self.replay.posted(HOST, self._tickets, message)
        return self._tickets

    def use(self, *tickets: int) -> None:
        for ticket in tickets:
            self.replay.answered(HOST, ticket, Message("decoded", {"digest": "0" * 32}, (b"picture",)))

    def again(self, *owed: int) -> list[tuple[int, str, int]]:
        """Return ticket, kind, and the frame's number where there is one."""
        told = self.replay.replay(HOST, owed)
        return [(ticket, message.kind, _sequence(message)) for ticket, message in told]


def _sequence(message: Message) -> int:
    return (
        framing.header(message.payloads[0]).sequence if message.kind == "prime" else message.header.get("sequence", 0)
    )


@pytest.fixture
def told(tiny: Scenario, tmp_path: Path) -> Told:
    """Nobody's pictures serve anybody."""
    return Told(tmp_path, change_streams(tiny, codec="h264", side_information=()))


def test_key_frame_keeps_a_chain_with_owed_pictures(told: Told) -> None:
    asked = [told.ask(sequence, key=sequence in {0, 4}) for sequence in range(6)]
    told.use(*asked[:2])
    assert told.again(*asked[2:]) == [(0, "prime", 0), (0, "prime", 1)]


def test_unused_results_are_redone_among_owed_ones(told: Told) -> None:
    asked = [told.ask(sequence, key=sequence in {0, 4}) for sequence in range(6)]
    told.use(*asked[:2])
    assert told.again(asked[2], asked[5]) == [
        (0, "prime", 0),
        (0, "prime", 1),
        (asked[3], "picture", 3),
        (asked[4], "picture", 4),
    ]


def test_chain_ends_when_next_key_frame_is_used(told: Told) -> None:
    asked = [told.ask(sequence, key=sequence in {0, 4, 7}) for sequence in range(9)]
    told.use(*asked[:4])
    assert told.again(*asked[4:]) == [(0, "prime", sequence) for sequence in range(4)]
    told.use(*asked[4:6])
    assert told.again(*asked[6:]) == [(0, "prime", 4), (0, "prime", 5)]
    told.use(*asked[6:])
    assert told.again() == [(0, "prime", 7), (0, "prime", 8)]


def test_each_stream_has_its_own_chain(told: Told) -> None:
    car, van = told.ask(0, key=True), told.ask(0, "van/b", key=True)
    told.use(car, van)
    late = told.ask(1), told.ask(1, "van/b", key=True)
    told.use(late[0])
    assert told.again(late[1]) == [(0, "prime", 0), (0, "prime", 1), (0, "prime", 0)]


def test_side_pictures_of_pending_frames_stay_known(tiny: Scenario, tmp_path: Path) -> None:
    """Of slow streams sixteen pictures reach far back, and fusion forgets pictures by the clock."""
    told = Told(tmp_path, replace(tiny, duration_ns=60_000 * MS))
    side = told.ask(0, key=True)
    served = told.ask(0, "van/b", key=True, sides=(("car/a", 0),))
    told.post(Message("wake", {"time_ns": 20_000 * MS}))
    told.use(side)
    assert (0, "shown", 0) in told.again(served)
    told.use(served)


def test_changed_codec_is_refused_once_known(told: Told) -> None:
    ticket = told.post(Message("open", {"streams": []}))
    told.replay.replayed(HOST, Message("opened", payloads=(b"one",)))
    told.replay.answered(HOST, ticket, Message("opened", payloads=(b"one",)))
    told.replay.replayed(HOST, Message("opened", payloads=(b"one",)))
    with pytest.raises(NodeError, match="came back with other codecs"):
        told.replay.replayed(HOST, Message("opened", payloads=(b"other",)))
