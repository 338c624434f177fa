"""`simnet broker`: lead a run whose nodes run in `simnet camera` and `simnet fusion`, here or on other machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from simnet.commands import code_options, host_options, run
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "lead a run whose nodes run in `simnet camera` and `simnet fusion`"
EXAMPLE = "simnet broker vehicle_platoon --listen ipc:///tmp/platoon"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    run.configure_run(parser)
    parser.add_argument(
        "--listen",
        required=True,
        metavar="ENDPOINT",
        help="endpoint for hosts, e.g. tcp://0.0.0.0:5555 (heartbeats use the next port) or ipc:///tmp/run",
    )
    host_options.configure_wait(parser, "longest wait for hosts; default: 60")


def execute(arguments: argparse.Namespace) -> int:
    """Wait for the hosts, run the scenario, and dismiss the hosts."""
    from simnet.engine.recovery.journal import COME_BY_THEMSELVES
    from simnet.engine.remote.rendezvous import WAIT_S, Rendezvous
    from simnet.wire import endpoint
    from simnet.wire.security.keys import BrokerKeys

    address = endpoint.check(arguments.listen, listens=True)
    keys = BrokerKeys.load(arguments.keys) if host_options.wants_keys(address, arguments) else None
    wait_s = WAIT_S if arguments.wait is None else arguments.wait
    return run.lead(arguments, COME_BY_THEMSELVES, launcher=Rendezvous(address, keys, wait_s, _say))


def _say(text: str) -> None:
    sys.stderr.write(f"simnet: {printable(text)}\n")
