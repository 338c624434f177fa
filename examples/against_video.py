"""Compare `atn` with video codecs of low delay on a drive: rate at equal quality, times, and what packet loss does.

    python examples/against_video.py DRIVE [--loss 0.01] [--whole]

DRIVE has `left/` and `right/`, frames in order. The left camera is coded; the decoder of `atn` has the right camera's picture and
a left picture that it showed before. Pictures are cropped and resized as the ATN paper does, or kept with `--whole`. A frame
travels in packets of 1,200 bytes. If one is lost, `atn` shows its last picture for that frame; a video codec does so until the
key frame that the decoder asked for arrives, `--wait` frames later.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simnet import codec
from simnet.bd_rate import bd_quality, bd_rate
from simnet.interrupts import end_with_reader
from simnet.learn.picture_protocols import kitti
from simnet.picture_files import read_rgb
from simnet.quality import psnr
from simnet.records import SideInformation

PACKET = 1200
CODED = {
    "hevc": (0.1, 0.25, 0.4, 0.55, 0.7, 0.85),
    "av1": (0.1, 0.25, 0.4, 0.55, 0.7, 0.85),
    "hevc-intra+fuse": (0.0, 0.1, 0.25, 0.4, 0.55, 0.7),
    "atn": (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9),
}
VIDEO = ("hevc", "av1")


@dataclass(frozen=True)
class Case:
    """What the decoder has besides the bitstream, and how many packets are lost."""

    stereo: bool
    last: bool
    loss: float
    wait: int
    span: int = 3
    """How many frames a picture of the own stream serves. As in simnet's fusion centre, it was decoded without one itself."""


def code(
    name: str, quality: float, drive: list[tuple[np.ndarray, np.ndarray]], case: Case, seed: int = 7
) -> dict[str, float]:
    """Code the left pictures; mean bits a pixel, PSNR (dB) of what is shown, and milliseconds of encoder and decoder."""
    rng = np.random.default_rng(seed)
    height, width = drive[0][0].shape[:2]
    encoder = codec.open_encoder(name, width, height)
    decoder = codec.open_decoder(encoder.announcement)
    shown: np.ndarray | None = None
    base: np.ndarray | None = None  # the last picture that was decoded without one of its own stream
    age = 0
    asked = -1
    broken = False
    sizes, qualities, spent = [], [], [0.0, 0.0]
    for number, (left, right) in enumerate(drive):
        began = time.thread_time()
        bitstream = encoder.encode(left, quality, key=number in (0, asked))
        coded = time.thread_time()
        packets = -(-len(bitstream) // PACKET)
        lost = number > 0 and rng.random() < 1 - (1 - case.loss) ** packets
        if name in VIDEO:
            broken = lost or (broken and number != asked)
            if lost and asked < number:
                asked = number + case.wait
        if not (lost or broken):
            side = [SideInformation(right, "right", 0)] if case.stereo else []
            has_own = case.last and base is not None and age < case.span
            age = age + 1 if has_own else 0
            if has_own:
                side.append(SideInformation(base, "left", age * 100_000_000))
            shown = decoder.decode(bitstream, side).picture
            base = base if has_own else shown
        spent = [spent[0] + coded - began, spent[1] + time.thread_time() - coded]
        assert shown is not None
        sizes.append(8 * len(bitstream) / (height * width))
        qualities.append(psnr(shown, left))
    ms = [1000 * each / len(drive) for each in spent]
    return {"bpp": float(np.mean(sizes)), "psnr_db": float(np.mean(qualities)), "encode_ms": ms[0], "decode_ms": ms[1]}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drive", type=Path)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--wait", type=int, default=2)
    parser.add_argument("--whole", action="store_true")
    a = parser.parse_args()
    cv2.setNumThreads(1)
    files = zip(*(sorted((a.drive / side).iterdir()) for side in ("left", "right")), strict=True)
    drive = [
        tuple(read_rgb(file) if a.whole else kitti(read_rgb(file)) for file in pair) for pair in list(files)[: a.frames]
    ]
    cases = [(name, False, False) for name in VIDEO]
    cases += [("hevc-intra+fuse", True, False), ("atn", True, False), ("atn", True, True), ("atn", False, True)]
    curves = {}
    for name, stereo, last in cases:
        title = name + (" with stereo" if stereo else "") + (" with its own pictures" if last else "")
        curves[title] = [code(name, quality, drive, Case(stereo, last, a.loss, a.wait)) for quality in CODED[name]]
        points = "  ".join(f"{point['bpp']:.3f}/{point['psnr_db']:.2f}" for point in curves[title])
        times = [np.mean([point[key] for point in curves[title]]) for key in ("encode_ms", "decode_ms")]
        print(f"{title}: {points}  encode {times[0]:.1f} ms, decode {times[1]:.1f} ms")
    for anchor in VIDEO:
        for title, curve in curves.items():
            if title != anchor:
                rate = bd_rate(curves[anchor], curve, "psnr_db", (0.05, 0.4)).value
                quality = bd_quality(curves[anchor], curve, "psnr_db", (0.05, 0.4)).value
                print(
                    f"{title} against {anchor}: "
                    + ("no common quality" if rate is None else f"{rate:+.1f} %, {quality:+.2f} dB")
                )


if __name__ == "__main__":
    end_with_reader()
    main()
