"""What `broker`, `camera` and `fusion` take alike: where the broker is, how long to wait, what protects the wire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types

if TYPE_CHECKING:
    import argparse


def configure_host(parser: argparse.ArgumentParser) -> None:
    """Declare what both kinds of host take."""
    parser.add_argument("scenario", help="the broker's scenario file (the same to the byte), or the shipped one's name")
    parser.add_argument(
        "--connect", required=True, metavar="ENDPOINT", help="the broker's, e.g. tcp://10.0.0.2:5555 or ipc:///tmp/run"
    )
    parser.add_argument(
        "--world", metavar="PATH", help="where this machine has the recorded world, if not as in the file"
    )
    parser.add_argument(
        "--key", metavar="NAME", help="whose key of the folder; default: the node's, or the only one there"
    )
    configure_wait(parser, "how long to wait for the broker; default: 60")


def configure_wait(parser: argparse.ArgumentParser, text: str) -> None:
    """Declare `--wait` and what protects the wire."""
    parser.add_argument("--wait", type=argument_types.wait, metavar="SECONDS", help=text)
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="folder of CURVE keys, from `simnet keys`; tcp needs it"
    )
    parser.add_argument(
        "--insecure", action="store_true", help="plain tcp: whoever reaches the port may listen and join"
    )


def carry(arguments: argparse.Namespace, nodes: tuple[str, ...], *, fusion: bool) -> int:
    """Carry nodes until the run is over."""
    from simnet import scenario
    from simnet.engine.remote.join import JoinRequest, join_run
    from simnet.engine.remote.rendezvous import WAIT_S
    from simnet.wire import endpoint as place
    from simnet.wire.security.keys import HostKeys

    endpoint, keys = place.check(arguments.connect, listens=False), None
    if wants_keys(endpoint, arguments):
        keys = HostKeys.load(arguments.keys, arguments.key, ["fusion"] * fusion + list(nodes))
    file = scenario.find(arguments.scenario)
    scenario.check_nodes(file, nodes)
    world = None if arguments.world is None else str(Path(arguments.world).absolute())
    wait_s = WAIT_S if arguments.wait is None else arguments.wait
    join_run(JoinRequest(file, endpoint, nodes, fusion, world, keys, wait_s))
    return 0


def wants_keys(endpoint: str, arguments: argparse.Namespace) -> bool:
    """Return whether the wire is to be protected; raise InputError where an open one is not and nobody said that it need not."""
    from simnet.errors import InputError
    from simnet.wire import endpoint as place

    if not place.is_open(endpoint):
        return False
    if (arguments.keys is None) != arguments.insecure:
        raise InputError(
            f"{endpoint}: tcp goes with keys or without; expected --keys DIR (`simnet keys DIR` makes them), or --insecure"
        )
    return not arguments.insecure
