"""Arguments that `broker`, `camera` and `fusion` share: the broker's endpoint, the wait, the keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types, code_options, device_options
from simnet.errors import InputError

if TYPE_CHECKING:
    import argparse


def configure_host(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of both kinds of host."""
    parser.add_argument(
        "scenario", help="the broker's scenario file (equal to the byte), or the name of a shipped scenario"
    )
    parser.add_argument(
        "--connect",
        required=True,
        metavar="ENDPOINT",
        help="endpoint of the broker, e.g. tcp://10.0.0.2:5555 or ipc:///tmp/run",
    )
    code_options.configure(parser)
    device_options.configure(parser)
    parser.add_argument(
        "--world", metavar="PATH", help="path of the recorded world on this machine; default: the scenario's"
    )
    parser.add_argument(
        "--key", metavar="NAME", help="name of the key in the folder; default: the node's, or the only one"
    )
    configure_wait(parser, "longest wait for the broker; default: 60")


def configure_wait(parser: argparse.ArgumentParser, text: str) -> None:
    """Declare `--wait`, `--keys` and `--insecure`."""
    parser.add_argument("--wait", type=argument_types.positive_time_limit, metavar="SECONDS", help=text)
    parser.add_argument("--keys", type=Path, metavar="DIR", help="folder of CURVE keys from `simnet keys`, for tcp")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="use tcp without keys: anyone who reaches the port can read and join the run",
    )


def carry(arguments: argparse.Namespace, nodes: tuple[str, ...], *, fusion: bool) -> int:
    """Serve nodes until the run ends."""
    from simnet import scenario
    from simnet.engine.remote.join import JoinRequest, join_run
    from simnet.engine.remote.rendezvous import WAIT_S
    from simnet.wire import endpoint
    from simnet.wire.security.keys import HostKeys

    address, keys = endpoint.check(arguments.connect, listens=False), None
    if wants_keys(address, arguments):
        keys = HostKeys.load(arguments.keys, arguments.key, ["fusion"] * fusion + list(nodes))
    file = scenario.find(arguments.scenario)
    scenario.check_nodes(file, nodes)
    world = None if arguments.world is None else str(Path(arguments.world).absolute())
    wait_s = WAIT_S if arguments.wait is None else arguments.wait
    join_run(JoinRequest(file, address, nodes, fusion, world, keys, wait_s))
    return 0


def wants_keys(address: str, arguments: argparse.Namespace) -> bool:
    """Return whether the endpoint needs keys; InputError if it is open and neither --keys nor --insecure is given."""
    from simnet.wire import endpoint

    if not endpoint.is_open(address):
        return False
    if (arguments.keys is None) != arguments.insecure:
        raise InputError(
            f"{address}: tcp runs with keys or without; expected --keys DIR (`simnet keys DIR` makes them), or --insecure"
        )
    return not arguments.insecure
