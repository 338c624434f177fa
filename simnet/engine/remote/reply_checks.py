"""Checks of a host's replies against their requests: what a scenario does not allow is a lie, and refused.

    request, reply ──▶ ReplyChecks.check ──▶ returns       what the reply says can be so
                                         ──▶ WireError     what it said, and what was expected

The wire has checked types and bounds of fields. This knows the scenario: which streams were asked for, how large their pictures
are, which frame comes next. Checks of plans are in `plan_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.codec import recorded_sizes
from simnet.codec.bitstream import announcements, framing
from simnet.engine.local.live_decoders import digest_of
from simnet.engine.remote.plan_checks import PlanChecks
from simnet.errors import BitstreamError, WireError
from simnet.nodes.camera import CameraState
from simnet.records import Announcement
from simnet.wire.protocol.serialization import unpack_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from simnet.records import Scenario, StreamConfig
    from simnet.wire.protocol.messages import Message

SMALL_BYTES = 64 * 1024
"""Largest reply, or state of a camera, that holds no pixels."""
STATE_BYTES = 32 * 1024 * 1024
"""Largest state of fusion."""
CODED_SHARE = 4
"""A coded frame is at most this many times as large as its raw pixels, and `SMALL_BYTES`."""


class ReplyChecks:
    """Checks the replies of all hosts of one run, in the order in which they are used."""

    def __init__(self, scenario: Scenario) -> None:
        self._streams: dict[str, StreamConfig] = {stream.name: stream for stream in scenario.streams}
        self._cameras = scenario.cameras
        self._plans = PlanChecks(scenario)
        self._checks: Mapping[str, Callable[[Message, Message], None]] = {
            "opened": self._check_opened,
            "coded": self._check_coded,
            "plan": self._check_plan,
            "decoded": self._check_decoded,
        }

    def check(self, request: Message, reply: Message) -> None:
        """Check a reply to `request`; kinds and fields have been checked already.

        Raises:
            WireError: It cannot be true.
        """
        size_bytes, most_bytes = sum(map(len, reply.payloads)), self.most_bytes(request)
        if size_bytes > most_bytes:
            raise WireError(f"answers {request.kind!r} with {size_bytes} bytes; expected at most {most_bytes}")
        if (check := self._checks.get(reply.kind)) is not None:
            check(request, reply)

    def most_bytes(self, request: Message) -> int:
        """Return the most bytes that the payloads of an honest reply to `request` have."""
        header = request.header
        if request.kind == "open":
            return SMALL_BYTES * (1 + len(header["streams"]))
        if request.kind == "capture":
            stream = self._streams[header["stream"]]
            if stream.codec == recorded_sizes.NAME:
                return recorded_sizes.LARGEST_BYTES + SMALL_BYTES
            return CODED_SHARE * self._picture_bytes(stream.name) + 2 * SMALL_BYTES
        if request.kind in {"delivery", "wake"}:
            return STATE_BYTES
        return 2 * self._picture_bytes(header["stream"]) if request.kind == "picture" else 0

    def _check_opened(self, request: Message, reply: Message) -> None:
        """The announcements are of the streams that were asked for, with their codecs and sizes."""
        asked: list[dict[str, Any]] = request.header["streams"]
        said = unpack_records(dict[str, Announcement], reply.payloads[0])
        expected = {each["name"] for each in asked}
        if wrong := sorted(said.keys() ^ expected):
            raise WireError(
                f"opens {len(said)} streams, which differ by {announcements.shown(wrong[0])}; expected those asked for"
            )
        for name, announcement in said.items():
            try:
                announcements.check(announcement)
            except BitstreamError as error:
                raise WireError(f"{name}: {error}") from error
            stream, camera = self._streams[name], self._cameras[name]
            if announcement.codec != stream.codec:
                shown = announcements.shown(announcement.codec)
                raise WireError(f"{name}: announces codec {shown}; expected {stream.codec}, as asked for")
            if (announcement.width, announcement.height) != (camera.width, camera.height):
                size = f"{announcement.width} x {announcement.height}"
                raise WireError(f"{name}: announces pictures of {size}; expected {camera.width} x {camera.height}")

    def _check_coded(self, request: Message, reply: Message) -> None:
        """The bitstream is the frame that was asked for, and the state is a camera's.

        An altered payload is no lie: fusion finds it corrupt, and the row says so.
        """
        name, sequence = request.header["stream"], request.header["sequence"]
        what, rate = f"frame {sequence} of {name}", self._streams[name].rate
        data = reply.payloads[0]
        if len(data) <= framing.HEADER.size:
            raise WireError(f"{what}: {len(data)} bytes; expected more than its {framing.HEADER.size}-byte header")
        header = framing.header(data)
        if header.sequence != sequence & 0xFFFF:
            raise WireError(f"{what}: its header says frame {header.sequence}; expected {sequence & 0xFFFF}")
        if sequence == 0 and not header.key:
            raise WireError(f"{what}: refers to an earlier frame; expected a key frame")
        quality = reply.header["quality"]
        if rate.kind == "fixed" and quality != rate.quality:
            raise WireError(f"{what}: coded at quality {quality:g}; expected {rate.quality:g}, as the scenario says")
        if (len(reply.payloads) > 1) != header.key:
            raise WireError(
                f"{what}: {len(reply.payloads) - 1} states; expected one with each key frame, and only there"
            )
        if header.key:
            self._check_camera_state(what, reply.payloads[1], sequence)

    @staticmethod
    def _check_camera_state(what: str, data: bytes, sequence: int) -> None:
        if len(data) > SMALL_BYTES:
            raise WireError(f"{what}: a state of {len(data)} bytes; expected at most {SMALL_BYTES}")
        state = unpack_records(CameraState, data)
        if state.key_sequence is not None and not 0 <= state.key_sequence < sequence:
            raise WireError(
                f"{what}: the state before it has key frame {state.key_sequence}; expected an earlier frame"
            )

    def _check_plan(self, request: Message, reply: Message) -> None:
        self._plans.check(request, reply)

    def _check_decoded(self, request: Message, reply: Message) -> None:
        """The pictures have the stream's size, and the digest is the picture's."""
        header = request.header
        what = f"the picture of frame {header['sequence']} of {header['stream']}"
        expected = self._picture_bytes(header["stream"])
        for each in reply.payloads:
            if len(each) != expected:
                raise WireError(f"{what}: {len(each)} bytes; expected {expected}")
        picture, *alone = reply.payloads
        if alone and not header["sides"]:
            raise WireError(f"{what}: 2 pictures; expected one, as it has no side information")
        if (digest := digest_of(picture)) != reply.header["digest"]:
            raise WireError(
                f"{what}: its digest is said to be {reply.header['digest']}; expected {digest}, the picture's"
            )

    def _picture_bytes(self, stream: str) -> int:
        camera = self._cameras[stream]
        return 3 * camera.width * camera.height
