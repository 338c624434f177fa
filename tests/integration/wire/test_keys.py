"""CURVE: a host with a key of the broker's folder is admitted; any other is refused within seconds."""

import logging
import os
import re
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq

from simnet.errors import InputError, NodeError
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim, NamedRoster, NodeRoster, host_name
from simnet.wire.protocol.messages import Envelope, Message, pack
from simnet.wire.security import keys
from simnet.wire.security.connection_budgets import ConnectionBudgets
from simnet.wire.security.keys import BrokerKeys, HostKeys
from simnet.wire.sockets.broker_socket import BrokerSocket
from simnet.wire.sockets.host_socket import HostSocket
from support.waiting import wait_until

STOP = Message("stop", {"failure": None})
FAILED = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys of a broker and of the hosts one and two; `other` has those of another broker and its only host."""
    keys.make(tmp_path, ["one", "two"])
    keys.make(tmp_path / "other", ["host"])
    return tmp_path


@pytest.fixture
def broker(folder: Path) -> Iterator[BrokerSocket]:
    with zmq.Context() as context:
        own = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)), keys=BrokerKeys.load(folder))
        yield own
        own.close()


def _join(endpoint: str, own: HostKeys | None, seconds: float = 10) -> None:
    """Join with a name of one's own choice, and answer until told to stop."""
    with zmq.Context() as context:
        host = HostSocket(context, endpoint, HostClaim("one"), own)
        try:
            host.join(seconds)
            while (request := host.receive()).kind != "stop":
                host.reply(request, Message("plan", {"decisions": [], "feedback": [], "wake_ns": None}))
        finally:
            host.close()


def test_key_files_are_private_and_never_overwritten(folder: Path) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir() if file.is_file()}
    assert {mode for name, mode in modes.items() if name.endswith("_secret")} == {0o600}
    before = (folder / "one.key_secret").read_bytes()
    assert keys.make(folder, ["one", "three"]) == {"broker": False, "one": False, "three": True}
    assert (folder / "one.key_secret").read_bytes() == before


def test_known_key_is_admitted_while_strangers_are_refused(
    folder: Path, broker: BrokerSocket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.1)
    beats: list[list[bytes]] = []
    answer = heartbeat.BrokerHeartbeat._answer
    monkeypatch.setattr(heartbeat.BrokerHeartbeat, "_answer", lambda *given: beats.append(given[1]) or answer(*given))
    stranger = HostKeys.load(folder / "other", None)
    one = HostKeys.load(folder, "one")
    refusals = {
        "refused the key of this host; expected host.key in the broker's folder": HostKeys(
            "host", stranger.public, stranger.secret, one.broker
        ),
        "expected a broker without keys": None,
        "expected the broker that has the public key": HostKeys("one", one.public, one.secret, stranger.broker),
    }
    with ThreadPoolExecutor(5) as pool, caplog.at_level(logging.WARNING):
        began = time.monotonic()
        failing = {complaint: pool.submit(_join, broker.endpoint, own, 60) for complaint, own in refusals.items()}
        for complaint, ended in failing.items():
            with pytest.raises(NodeError, match=complaint):
                ended.result()
        assert time.monotonic() - began < 8
        inside = pool.submit(_join, broker.endpoint, one)
        assert [claim.host for claim in broker.wait_ready(10)] == ["one"]
        beats.clear()
        wait_until(lambda: len(beats) > heartbeat.MISSED)  # the heartbeat socket has the same authentication
        assert broker.result("one", broker.post("one", Message("wake", {"time_ns": 0})), "a turn", 10).kind == "plan"
        broker.post("one", STOP)
        inside.result()
    assert sum("turned away a host with the public key" in record.getMessage() for record in caplog.records) == 1
    assert "it has no key" in caplog.text


def test_heartbeat_socket_requires_a_key(folder: Path, broker: BrokerSocket) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as plain:
        plain.setsockopt(zmq.LINGER, 0)
        monitor = plain.get_monitor_socket(FAILED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
        port = int(broker._heartbeat.endpoint.rpartition(":")[2])
        plain.connect(f"tcp://127.0.0.1:{port}")
        assert monitor.poll(5000)
        assert int.from_bytes(monitor.recv_multipart()[0][:2], "little") & FAILED
        plain.disable_monitor()
        monitor.close()


def test_host_with_keys_rejects_a_broker_without(folder: Path) -> None:
    with zmq.Context() as context:
        open_broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
        with pytest.raises(NodeError, match=r"expected the broker that has the public key in broker\.key"):
            _join(open_broker.endpoint, HostKeys.load(folder, "one"))
        open_broker.close()


def test_foreign_listener_is_an_error_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(5):
                with server.accept()[0] as connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(80))

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(NodeError, match=r"no common protocol|no welcome"):
            _join(f"tcp://127.0.0.1:{server.getsockname()[1]}", None, 3)


def test_host_picks_the_expected_key(folder: Path) -> None:
    assert HostKeys.load(folder, None, ["fusion", "two"]).name == "two"
    assert HostKeys.load(folder / "other", None, ["car"]).name == "host"
    with pytest.raises(InputError, match="contains one, two; expected --key NAME"):
        HostKeys.load(folder, None, ["car"])


@pytest.mark.parametrize("name", ["broker", "", "a/b", "-x", "ä ö"])
def test_bad_key_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a valid name of a key"):
        keys.make(tmp_path, [name])


def test_bad_key_files_are_refused(folder: Path) -> None:
    (folder / "two.key").write_text("nonsense")
    with pytest.raises(InputError, match=r"two.key: not a readable key"):
        BrokerKeys.load(folder)
    (folder / "two.key").write_text('public-key = "short"')
    with pytest.raises(InputError, match="wrong length"):
        BrokerKeys.load(folder)
    (folder / "two.key").unlink()
    with pytest.raises(InputError, match="half of the pair 'two' is missing"):
        keys.make(folder, ["two"])
    with pytest.raises(InputError, match="not a readable key"):
        HostKeys.load(folder / "nowhere", None)


def test_closed_connection_number_has_no_address() -> None:
    """ZeroMQ tells of connections by descriptor; when that is read it may be another file's, or none."""
    one, other = socket.socketpair()
    with one, other, tempfile.TemporaryFile() as file:
        budgets = ConnectionBudgets()
        for descriptor, address in ((one.fileno(), "this machine"), (file.fileno(), None), (10**6, None)):
            before = len(os.listdir("/dev/fd"))
            assert budgets.opened(descriptor) == address
            assert list(budgets.enforce()) == []
            assert len(os.listdir("/dev/fd")) == before


SCENARIO, VERSION = "5" * 64, "1.0"


def _claim(*nodes: str, fusion: bool = False, name: str | None = None) -> HostClaim:
    return HostClaim(name or host_name(nodes, fusion), nodes, fusion, scenario=SCENARIO, version=VERSION)


class Hosts:
    """Hosts of a broker of cameras a and b and of fusion; each has a key of `folder`."""

    def __init__(self, context: zmq.Context, folder: Path) -> None:
        keys.make(folder, ["a", "b", "fusion", "both=a,b", "rest=fusion,b*", "all=*"])
        roster = NodeRoster(("a", "b"), SCENARIO, VERSION)
        self.broker = BrokerSocket(context, "tcp://127.0.0.1:*", roster, keys=BrokerKeys.load(folder))
        self._context, self._folder = context, folder
        self.opened: list[HostSocket] = []

    def open(self, key: str, claim: HostClaim) -> HostSocket:
        own = HostKeys.load(self._folder, key)
        self.opened.append(HostSocket(self._context, self.broker.endpoint, claim, own))
        return self.opened[-1]

    def join(self, key: str, claim: HostClaim) -> str:
        """Join; return why the broker refuses, or an empty text."""
        host = self.open(key, claim)
        with ThreadPoolExecutor(1) as pool:
            joining = pool.submit(host.join, 10)
            while not joining.done():
                self.broker.wait(0.05)
            try:
                joining.result()
            except NodeError as error:
                return str(error)
        return ""


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with zmq.Context() as context:
        made = Hosts(context, tmp_path / "keys")
        yield made
        for each in made.opened:
            each.close()
        made.broker.close()


@pytest.mark.parametrize(
    ("key", "claim", "complaint"),
    [
        ("a", _claim("a"), ""),
        ("fusion", _claim(fusion=True), ""),
        ("both", _claim("a", "b"), ""),
        ("both", _claim("b"), ""),
        ("rest", _claim("b", fusion=True), ""),
        ("all", _claim("a", "b", fusion=True), ""),
        ("a", _claim("b"), "its key 'a' is for a; expected a key that is for b"),
        ("a", _claim("a", "b"), "its key 'a' is for a; expected a key that is for b"),
        ("a", _claim(fusion=True), "its key 'a' is for a; expected a key that is for fusion"),
        ("a", _claim("a", fusion=True), "expected a key that is for fusion"),
        ("fusion", _claim("a"), "its key 'fusion' is for fusion; expected a key that is for a"),
        ("both", _claim("a", "b", fusion=True), "its key 'both' is for a, b; expected a key that is for fusion"),
        ("rest", _claim("a"), r"its key 'rest' is for fusion, b\*; expected a key that is for a"),
        ("a", _claim("a", name="camera b"), "calls itself 'camera b'; expected 'camera a', after its nodes"),
        ("a", _claim("a", name="fusion"), "calls itself 'fusion'; expected 'camera a'"),
        ("a", _claim(name="fusion"), "its key 'a' is for a; expected a key that is for fusion"),
    ],
)
def test_key_fits_what_its_host_claims(
    hosts: Hosts, key: str, claim: HostClaim, complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = hosts.join(key, claim)
    assert re.search(complaint, said) if complaint else not said
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == bool(complaint)
    assert all(re.search(complaint, line) for line in told)
    assert bool(hosts.broker.hosts) == (not complaint)


def test_second_session_of_a_name_does_not_replace_a_live_one(hosts: Hosts) -> None:
    assert hosts.join("a", _claim("a")) == ""
    assert "runs on another host already" in hosts.join("a", _claim("a"))
    assert "its key 'b' is for b" in hosts.join("b", _claim("a"))
    assert hosts.broker.is_here("camera a")


def test_other_key_beats_for_nobody(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is gone must not seem alive because another one says so."""
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.1)
    assert hosts.join("a", _claim("a")) == ""
    assert hosts.join("b", _claim("b")) == ""
    victim, liar = hosts.opened
    victim.close()
    hosts.opened.remove(victim)
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        HostKeys.load(hosts._folder, "b").protect(dealer)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.connect(hosts.broker._heartbeat.endpoint.replace("0.0.0.0", "127.0.0.1"))
        beat = pack(Message("beat", {"host": "camera a"}, envelope=Envelope(hosts.broker._session)))
        began = time.monotonic()
        while hosts.broker.is_here("camera a"):
            dealer.send_multipart(beat)
            hosts.broker.wait(0.1)
            assert time.monotonic() - began < 30
    assert hosts.broker.is_here("camera b")
    assert liar in hosts.opened


def test_key_file_says_what_it_is_for(tmp_path: Path) -> None:
    keys.make(tmp_path, ["a", "m=x,y*", "fusion"])
    assert BrokerKeys.load(tmp_path).nodes == {"a": ("a",), "m": ("x", "y*"), "fusion": ("fusion",)}
    assert keys.make(tmp_path, ["m"]) == {"broker": False, "m": False}
    with pytest.raises(InputError, match=r"m\.key: is for x, y\*; expected z, or remove both files of the pair"):
        keys.make(tmp_path, ["m=z"])
    for bad in ("m=", "m=a b", "m=a,,b", 'm=a"', "=a", "broker=a"):
        with pytest.raises(InputError):
            keys.make(tmp_path, [bad])
    (tmp_path / "twin.key").write_text((tmp_path / "a.key").read_text())
    with pytest.raises(InputError, match=r"twin\.key: the same key as a\.key"):
        BrokerKeys.load(tmp_path)
