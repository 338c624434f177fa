"""`simnet broker`: lead a run whose nodes are carried by `simnet camera` and `simnet fusion`, here or on other machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "lead a run whose nodes are carried by `simnet camera` and `simnet fusion`"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from simnet.commands import host_options, run

    run.configure_run(parser)
    parser.add_argument(
        "--listen",
        required=True,
        metavar="ENDPOINT",
        help="where hosts connect, e.g. tcp://0.0.0.0:5555 (heartbeats have the next port) or ipc:///tmp/run",
    )
    host_options.configure_wait(parser, "how long to wait for hosts; default: 60")


def execute(arguments: argparse.Namespace) -> int:
    """Wait for the hosts, run the scenario, tell the hosts that it is over."""
    from simnet.commands import host_options, run
    from simnet.engine.recovery.journal import COME_BY_THEMSELVES
    from simnet.engine.remote.rendezvous import WAIT_S, Rendezvous
    from simnet.wire import endpoint as place
    from simnet.wire.security.keys import BrokerKeys

    endpoint = place.check(arguments.listen, listens=True)
    keys = BrokerKeys.load(arguments.keys) if host_options.wants_keys(endpoint, arguments) else None
    wait_s = WAIT_S if arguments.wait is None else arguments.wait
    return run.lead(arguments, COME_BY_THEMSELVES, launcher=Rendezvous(endpoint, keys, wait_s, _say))


def _say(text: str) -> None:
    sys.stderr.write(f"simnet: {text}\n")
