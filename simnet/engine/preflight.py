"""Checks before a run begins, so that a wrong scenario or folder is an error at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet import codec, codec_names, output_files, world
from simnet.codec import recorded_sizes, registry
from simnet.errors import InputError, PictureError
from simnet.nodes import plugin_rate
from simnet.nodes.schedule import Schedule
from simnet.notices import tell
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.records import CameraConfig, Scenario


def make_folder(out: Path) -> None:
    """Make the folder of a run; OutputError where it cannot be made, InputError where it holds something."""
    output_files.make_folder(out)
    with output_files.writing(out):
        occupied = any(out.iterdir())
    if occupied:
        raise InputError(f"{out}: not empty; expected a new folder for the run")


def ready(scenario: Scenario) -> Scenario:
    """Return the scenario as it can be run: its codecs are there, and it ends no later than its recorded world.

    Raises:
        ModelError, InputError: See `check_codecs` and `check_frames`.
    """
    check_codecs(scenario)
    clipped = clip(scenario)
    check_frames(clipped)
    return clipped


def is_recorded(scenario: Scenario) -> bool:
    """Return whether all streams are recorded sizes.

    Raises:
        InputError: Some are and some are not: pictures of the one kind could not serve the other.
    """
    by_kind = {stream.codec == recorded_sizes.NAME: stream for stream in scenario.streams}
    if len(by_kind) > 1:
        real = by_kind[False]
        raise InputError(
            f"streams {by_kind[True].name} with codec {recorded_sizes.NAME} and {real.name} with {real.codec}; "
            f"expected all streams {recorded_sizes.NAME} or none"
        )
    return True in by_kind


def check_codecs(scenario: Scenario) -> None:
    """Raise ModelError or InputError where a stream names a codec, a model, rows or a rate control that there are not."""
    cameras = scenario.cameras
    for stream in scenario.streams:
        codec.check(stream, cameras[stream.name])
        plugin_rate.check(stream.rate.kind)


def check_frames(scenario: Scenario) -> None:
    """Raise PictureError where nothing is captured within the duration."""
    cameras, duration_ns = scenario.cameras, scenario.duration_ns
    if not any(Schedule.of(cameras[stream.name], duration_ns).count for stream in scenario.streams):
        raise PictureError(
            f"{scenario.world.path or scenario.world.kind}: holds no frame for any stream within the duration; "
            "expected a frame after the offset and every camera's phase"
        )


def tell_early_end(asked: Scenario, clipped: Scenario) -> None:
    """Tell the user that a recording ends the run before its time."""
    if clipped.duration_ns < asked.duration_ns:
        end_s, asked_s = clipped.duration_ns / SECOND_NS, asked.duration_ns / SECOND_NS
        where = asked.world.path or asked.world.kind
        tell(f"{where}: the recording ends at {end_s:g} s, and the run with it (instead of at {asked_s:g} s)")


def tell_unused_side(scenario: Scenario) -> None:
    """Tell the user which streams have side information that neither their codec nor their concealment uses."""
    unused: dict[str, list[str]] = {}
    for stream in scenario.streams:
        # Recorded sizes have no pictures; side information shows there in when frames are decoded.
        is_used = stream.concealment == "side" or stream.codec == recorded_sizes.NAME
        if stream.side_information and not is_used and not registry.takes_side(stream.codec, stream.model):
            unused.setdefault(stream.codec, []).append(stream.name)
    for name, streams in unused.items():
        shown = codec_names.shown(name)
        more = f" and {len(streams) - 1} more" if len(streams) > 1 else ""
        tell(
            f"streams.{streams[0]}{more}: codec {shown} does not use its side_information; "
            f"expected codec: atn, {codec_names.joined(codec_names.bare(shown), fuse=True)}, or side_information: []"
        )


def _shown(scenario: Scenario) -> dict[str, CameraConfig]:
    """Return the cameras that the run looks through; others, which a recording may bring along, end nothing."""
    wanted = {name for stream in scenario.streams for name in (stream.name, *stream.side_information)}
    return {name: camera for name, camera in scenario.cameras.items() if name in wanted}


def clip(scenario: Scenario) -> Scenario:
    """Return the scenario, ending no later than its recorded world."""
    end_ns = world.end_ns(scenario.world, _shown(scenario), scenario.duration_ns)
    if end_ns is None or end_ns >= scenario.duration_ns:
        return scenario
    return replace(scenario, duration_ns=end_ns)
