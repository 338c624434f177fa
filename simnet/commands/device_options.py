"""Option of commands that run codecs: the device that learned ones compute on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.compute_device import DEVICES

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare `--device`; `cli` checks that it is there, and sets it for the command."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        help="device that learned codecs compute on; default: SIMNET_DEVICE, else cpu",
    )
