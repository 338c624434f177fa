"""What `broker`, `camera` and `fusion` take alike: where the broker is, how long to wait, what protects the wire."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

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
    configure_wait(parser, "how long to wait for the broker; default: 60")


def configure_wait(parser: argparse.ArgumentParser, text: str) -> None:
    """Declare `--wait` and what protects the wire."""
    parser.add_argument("--wait", type=_wait, metavar="SECONDS", help=text)
    parser.add_argument(
        "--insecure", action="store_true", help="plain tcp: whoever reaches the port may listen and join"
    )


def carry(arguments: argparse.Namespace, nodes: tuple[str, ...], *, fusion: bool) -> int:
    """Carry nodes until the run is over."""
    from pathlib import Path

    from simnet import scenario
    from simnet.engine.carrying import Errand, carry
    from simnet.engine.gathering import WAIT_S
    from simnet.wire import place

    endpoint = place.check(arguments.connect, listens=False)
    require_protection(endpoint, arguments)
    world = None if arguments.world is None else str(Path(arguments.world).absolute())
    wait_s = WAIT_S if arguments.wait is None else arguments.wait
    carry(Errand(scenario.find(arguments.scenario), endpoint, nodes, fusion, world, wait_s))
    return 0


def require_protection(endpoint: str, arguments: argparse.Namespace) -> None:
    """Raise InputError where an open wire is not protected and nobody said that this is wanted."""
    from simnet.errors import InputError
    from simnet.wire import place

    if place.is_open(endpoint) and not arguments.insecure:
        raise InputError(f"{endpoint}: tcp without keys; expected --insecure if that is wanted")


def _wait(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86400:
        raise ArgumentTypeError(f"{text!r}: expected seconds, more than 0 and at most 86400")
    return seconds
