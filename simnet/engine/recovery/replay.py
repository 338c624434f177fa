"""Replay: the messages that restore a host that came back empty. No socket, no file, no clock.

A node's state is a pure function of what it was granted, and replies bring states along, so it is the latest state and the
grants since. Pixels are apart from that: the frames that a decoder saw since its last key frame, and the pictures that may yet
serve as side information.

    open, announce ▶ restore, grants since        a stream each, and fusion
                   ▶ prime                         frames since the key frame, by stream
                   ▶ shown                         pictures that are known
                   ▶ what is not used yet          in order of tickets, with what the host still owes, which the socket asks again

A reply counts once it is used, and the replies of one actor, and all pictures, are used in order of tickets. So what is known of
a stream is all of its frames up to one, and a chain ends when the next key frame's picture is used: until then pictures of it
may have to be decoded again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simnet.codec.bitstream import framing
from simnet.engine.recovery import marshalling
from simnet.errors import NodeError
from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.session_replies import REPLAYED

if TYPE_CHECKING:
    from collections.abc import Collection

    from simnet.engine.recovery.picture_spool import PictureSpool

FUSION = None
"""Stands for fusion where a stream's name stands for its camera."""
PendingRequest = tuple[int, Message]
"""A request with its ticket."""


@dataclass(slots=True)
class _Told:
    """Messages to one host, as far as they must be replayed."""

    opening: list[PendingRequest] = field(default_factory=list)
    opened: tuple[bytes, ...] | None = None
    states: dict[str | None, bytes] = field(default_factory=dict)
    grants: dict[str | None, list[PendingRequest]] = field(default_factory=dict)
    """Since the state."""
    chains: dict[str, list[PendingRequest]] = field(default_factory=dict)
    """Requests to decode since the last key frame whose picture has been used, by stream."""
    is_told: bool = False
    """Whether this process has sent the host a request, or has replayed what an earlier process asked."""
    open_requests: dict[int, Message] = field(default_factory=dict)
    """Requests whose reply has not been used yet, by ticket."""


class Replay:
    """The memory of a run's hosts; see `wire.membership.liveness.ReplaySource`."""

    def __init__(self, spool: PictureSpool) -> None:
        self._told: defaultdict[str, _Told] = defaultdict(_Told)
        self._spool = spool

    def posted(self, host: str, ticket: int, request: Message) -> None:
        """`host` is asked something."""
        told, header = self._told[host], request.header
        told.open_requests[ticket] = request
        if request.kind in {"open", "announce"}:
            told.opening.append((ticket, request))
        elif request.kind == "capture":
            told.grants.setdefault(header["stream"], []).append((ticket, request))
        elif request.kind in {"delivery", "wake"}:
            told.grants.setdefault(FUSION, []).append((ticket, request))
            self._spool.pass_time(header["time_ns"])
        elif request.kind == "picture":
            told.chains.setdefault(header["stream"], []).append((ticket, request))
            self._spool.choose(_sides(request))

    def open_request(self, host: str, ticket: int) -> Message:
        """Return a request whose reply has not been used yet."""
        return self._told[host].open_requests[ticket]

    def answered(self, host: str, ticket: int, reply: Message) -> None:
        """The reply to a request is used now; what it tells need not be asked again."""
        told = self._told[host]
        request = told.open_requests.pop(ticket)
        header = request.header
        if reply.kind == "opened":
            told.opened = reply.payloads
        elif reply.kind == "coded" and len(reply.payloads) > 1:
            # The state before this frame: the frame itself has to be coded again.
            told.states[header["stream"]] = reply.payloads[1]
            self._drop_grants(told, header["stream"], ticket)
        elif reply.kind == "plan" and reply.payloads:
            told.states[FUSION] = reply.payloads[0]
            self._drop_grants(told, FUSION, ticket + 1)
        elif reply.kind == "decoded":
            stream = header["stream"]
            if framing.header(request.payloads[0]).key:
                told.chains[stream] = [asked for asked in told.chains[stream] if asked[0] >= ticket]
            self._spool.put(stream, header["sequence"], reply.payloads[0] if reply.payloads else None)

    def catch_up(self, host: str) -> list[PendingRequest]:
        """Return what to tell `host` before this process's first request to it; nothing before any other."""
        return [] if self.is_told(host) else self.replay(host, ())

    def is_told(self, host: str) -> bool:
        """Whether `host` knows by now what this process has asked, or would have."""
        return self._told[host].is_told

    def replay(self, host: str, owed: Collection[int]) -> list[PendingRequest]:
        """Return what to tell `host` again, in order; see `wire.membership.liveness.ReplaySource`."""
        told = self._told[host]
        told.is_told = True
        unused = told.open_requests
        messages = [request for ticket, request in told.opening if ticket not in unused]
        for actor, grants in told.grants.items():
            if actor in told.states:
                messages.append(Message("restore", {"stream": actor}, (told.states[actor],)))
            messages += [request for ticket, request in grants if ticket not in unused]
        known = [request for chain in told.chains.values() for ticket, request in chain if ticket not in unused]
        messages += [Message("prime", {"stream": each.header["stream"]}, each.payloads) for each in known]
        if told.chains:
            messages += [_shown(*key, picture) for key, picture in self._spool.pictures()]
        # Their replies may have come, but states and pictures that these brought are not kept yet.
        again = [(ticket, request) for ticket, request in unused.items() if ticket not in owed]
        return [(REPLAYED, message) for message in messages] + again

    def replayed(self, host: str, reply: Message) -> None:
        """See `wire.membership.liveness.ReplaySource`; a host that is not the one it was ends the run.

        Raises:
            NodeError: It failed, or its encoders announce something else than before.
        """
        marshalling.raise_if_failed(reply, host)
        # What was announced by one that died before that was used is not known here yet.
        if reply.kind == "opened" and self._told[host].opened not in {None, reply.payloads}:
            raise NodeError(f"{host}: came back with other codecs or models; expected those that the run began with")

    def _drop_grants(self, told: _Told, actor: str | None, before: int) -> None:
        told.grants[actor] = [asked for asked in told.grants[actor] if asked[0] >= before]


def _sides(request: Message) -> list[tuple[str, int]]:
    header = request.header
    return [(side["source"], side["sequence"]) for side in (*header["sides"], *header["fillers"])]


def _shown(stream: str, sequence: int, picture: bytes) -> Message:
    return Message("shown", {"stream": stream, "sequence": sequence}, (picture,))
