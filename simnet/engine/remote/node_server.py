"""A host: it carries nodes, takes the broker's requests, and packs the nodes' answers and states.

A thread of the broker's process in a plain run, a process of its own with `--hosts`
(`python -m simnet.engine.remote.node_server`).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import seeds
from simnet.codec import recorded_sizes
from simnet.engine.kernel.port import Packets
from simnet.engine.local.camera_runtime import CameraRuntime
from simnet.engine.local.coders import Coder, LiveCoder, RecordedCoder
from simnet.engine.local.lazy_world import LazyWorld
from simnet.engine.local.live_decoders import digest_of
from simnet.engine.local.ordered_pool import OrderedPool
from simnet.engine.recovery import marshalling
from simnet.engine.remote.fusion_service import FusionService
from simnet.engine.remote.supervisor import REFUSED
from simnet.engine.timing import process_memory
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.errors import HostRefusedError, NodeError, SimnetError
from simnet.library_threads import limited
from simnet.nodes.camera import CameraState
from simnet.printable import printable
from simnet.records import Announcement, Scenario
from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import pack_records, unpack_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from simnet.records import Decoded
    from simnet.records.grants import Capture, Coded
    from simnet.wire.sockets.host_socket import HostSocket

JOIN_S = 60.0
_LOG = logging.getLogger(__name__)


class NodeServer:
    """Serves one connection until the broker says stop. `world` is the process's own, if it has one already."""

    def __init__(
        self,
        connection: HostSocket,
        name: str,
        world: LazyWorld | None = None,
        localise: Callable[[Scenario, list[str]], Scenario] = lambda scenario, _: scenario,
    ) -> None:
        """Make a host; `localise` puts this machine's paths into the broker's scenario, given that one's overrides."""
        self._connection, self._name, self._localise = connection, name, localise
        self._world, self._shares_process = world, world is not None
        self._timer = ThreadTimer()
        self._cameras: dict[str, CameraRuntime] = {}
        self._fusion: FusionService | None = None
        self._pool = OrderedPool(1, name)
        self._delay: Callable[[], float] = lambda: 0.0
        self._ended = threading.Event()

    @limited()
    def serve(self, join_s: float = JOIN_S) -> None:
        """Join the run and answer requests until the broker says stop; wait up to `join_s` for its welcome.

        Raises:
            NodeError: The broker refused this host, is gone, or says that the run failed.
        """
        handlers = {
            "open": self._open,
            "capture": self._capture,
            "announce": self._announce,
            "delivery": self._deliver,
            "wake": self._wake,
            "picture": self._picture,
            "restore": self._restore,
            "prime": self._prime,
            "shown": self._show,
            "tally": self._tally,
        }
        try:
            self._connection.join(join_s)
            while (request := self._connection.receive()).kind != "stop":
                try:
                    handlers.get(request.kind, self._refuse)(request)
                except Exception as error:
                    self._fail(request, error)
            self._reply(request, Message("stopped"))
            self._connection.flush()
            if request.header["failure"] is not None:
                raise NodeError(f"{self._name}: the broker ended the run: {request.header['failure']}")
        finally:
            self._ended.set()
            self._pool.close()
            self._connection.close()
            if self._world is not None and not self._shares_process:
                self._world.close()

    def _refuse(self, request: Message) -> None:
        raise NodeError(f"asked to {request.kind!r}; expected a request of a broker")

    def _open(self, request: Message) -> None:
        header = request.header
        scenario = unpack_records(Scenario, request.payloads[0])
        scenario = self._localise(scenario, header["overrides"])
        self._set_delay(scenario.seed, header["answer_delay_s"])
        self._world = world = self._world or LazyWorld(scenario, self._timer)
        self._pool.close()
        self._pool = OrderedPool(header["threads"], self._name)
        streams = {stream.name: stream for stream in scenario.streams}
        if unknown := [each["name"] for each in header["streams"] if each["name"] not in streams]:
            raise NodeError(f"asked to open {unknown[0]!r:.100}; expected a stream of the scenario")

        def open_camera(each: dict[str, Any]) -> None:
            stream = streams[each["name"]]
            coder: Coder = (
                RecordedCoder(stream, scenario)
                if stream.codec == recorded_sizes.NAME
                else LiveCoder(stream, scenario, world, self._timer)
            )
            packets = Packets(each["payload_bytes"], each["overhead_bytes"])
            self._cameras[stream.name] = CameraRuntime(stream, scenario.cameras[stream.name], packets, coder)

        jobs: list[Future] = [self._pool.submit(each["name"], partial(open_camera, each)) for each in header["streams"]]
        if any(stream.codec != recorded_sizes.NAME for stream in scenario.streams):
            # The world opens in the pool too, while encoders load.
            jobs.append(self._pool.submit("world", world.open))
        if header["fusion"]:
            self._fusion = FusionService(scenario, world, self._pool, self._timer)
        self._when_done(request, jobs, self._opened)

    def _opened(self) -> Message:
        # By name: encoders are ready in any order, and a host that comes back has to say the same again.
        announcements = {name: self._cameras[name].announcement for name in sorted(self._cameras)}
        return Message("opened", payloads=(pack_records(announcements),))

    def _announce(self, request: Message) -> None:
        announcements = unpack_records(dict[str, Announcement], request.payloads[0])
        self._when_done(request, list(self._fusion_here.announce(announcements)), lambda: Message("announced"))

    def _capture(self, request: Message) -> None:
        grant = marshalling.capture_grant(request)
        job = self._pool.submit(grant.stream, lambda: _captured(self._camera(grant.stream), grant))
        self._when_done(request, [job], lambda: marshalling.coded_message(*job.result()))

    def _camera(self, stream: str) -> CameraRuntime:
        """Return a stream's camera, in the pool: it opens there."""
        if stream not in self._cameras:
            raise NodeError(f"asked for a frame of {stream!r:.100}; expected one of the streams that it opened")
        return self._cameras[stream]

    def _deliver(self, request: Message) -> None:
        self._answer(request, marshalling.plan_message(*self._fusion_here.deliver(marshalling.delivery_grant(request))))

    def _wake(self, request: Message) -> None:
        plan = self._fusion_here.wake(request.header["time_ns"], marshalling.changes_of(request))
        self._answer(request, marshalling.plan_message(*plan))

    def _picture(self, request: Message) -> None:
        header, sides, fillers = request.header, marshalling.sides_of(request), marshalling.fillers_of(request)
        decoders, data = self._fusion_here.decoders, request.payloads[0]
        job = decoders.decode(header["stream"], header["sequence"], data, sides, fillers)
        self._when_done(request, [job], lambda: _decoded_message(job.result()))

    def _restore(self, request: Message) -> None:
        stream, state = request.header["stream"], request.payloads[0]
        if stream is None:
            self._fusion_here.restore(state)
            self._reply(request, Message("restored"))
        else:
            camera_state = unpack_records(CameraState, state)
            job = self._pool.submit(stream, lambda: self._cameras[stream].restore(camera_state))
            self._when_done(request, [job], lambda: Message("restored"))

    def _prime(self, request: Message) -> None:
        job = self._fusion_here.decoders.prime(request.header["stream"], request.payloads[0])
        self._when_done(request, [job], lambda: Message("restored"))

    def _show(self, request: Message) -> None:
        self._fusion_here.decoders.show(request.header["stream"], request.header["sequence"], request.payloads[0])
        self._reply(request, Message("restored"))

    def _tally(self, request: Message) -> None:
        seconds = [{"part": part, "seconds": spent} for part, spent in self._timer.seconds.items()]
        peak = (
            0 if self._shares_process else process_memory.peak_bytes() + (self._world.peak_bytes if self._world else 0)
        )
        self._answer(request, Message("tallied", {"peak_rss_bytes": peak, "seconds": seconds}))

    @property
    def _fusion_here(self) -> FusionService:
        if self._fusion is None:
            raise NodeError("asked to fuse; expected that of the host that carries fusion")
        return self._fusion

    def _when_done(self, request: Message, jobs: list[Future], answer: Callable[[], Message]) -> None:
        """Answer in the pool once all jobs are done, with the first failure if there is one."""

        def finish() -> None:
            wait(jobs)
            try:
                for job in jobs:
                    job.result()
                self._answer(request, answer())
            except Exception as error:
                self._fail(request, error)

        if len(jobs) == 1:
            jobs[0].add_done_callback(lambda _: finish())
        else:
            self._pool.submit("answers", finish, jobs)

    def _answer(self, request: Message, reply: Message) -> None:
        if pause_s := self._delay():
            self._ended.wait(pause_s)
        self._reply(request, reply)

    def _fail(self, request: Message, error: BaseException) -> None:
        if not isinstance(error, SimnetError) and not self._ended.is_set():
            _LOG.error("%s: %s failed", self._name, request.kind, exc_info=error)
        self._reply(request, marshalling.failed_message(error))

    def _reply(self, request: Message, reply: Message) -> None:
        try:
            self._connection.reply(request, reply)
        except OSError:
            # A job that outlived the run finds the connection closed; no one waits for its answer.
            if not self._ended.is_set():
                raise

    def _set_delay(self, seed: int, longest_s: float) -> None:
        if longest_s:
            draw = seeds.generator(seed, "answer delay", self._name)
            self._delay = lambda: draw.uniform(0, longest_s)


def _captured(camera: CameraRuntime, grant: Capture) -> tuple[Coded, bytes | None]:
    """Capture and code a frame; with a key frame comes the state before it, from which a new encoder can go on.

    Encoders that refer to earlier frames cannot be copied, but a key frame starts them anew.
    """
    before, coded = camera.state, camera.capture(grant)
    return coded, pack_records(before) if coded.key else None


def _decoded_message(decoded: Decoded) -> Message:
    picture = decoded.picture.tobytes()
    payloads = (picture,) if decoded.alone is decoded.picture else (picture, decoded.alone.tobytes())
    return Message("decoded", {"digest": digest_of(picture)}, payloads)


def main(arguments: list[str]) -> int:
    """Run a host as a process: name, endpoint, and the folder of keys if there is one."""
    import zmq

    from simnet.wire.membership.admission import HostClaim
    from simnet.wire.security.keys import HostKeys
    from simnet.wire.sockets.host_socket import HostSocket

    process_memory.keep_freed_pages()
    name, endpoint, *folders = arguments
    with zmq.Context() as context:
        try:
            keys = HostKeys.load(Path(folders[0]), name) if folders else None
            NodeServer(HostSocket(context, endpoint, HostClaim(name), keys), name).serve()
        except SimnetError as error:
            print(f"simnet: error: {printable(error)}", file=sys.stderr)  # noqa: T201 - a process of its own
            return REFUSED if isinstance(error, HostRefusedError) else error.exit_status
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.flush()
    # Threads left behind in native code would crash Python's own end.
    os._exit(status)
