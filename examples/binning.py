"""Compare `atn` with binning and without: bytes, requests for more syndromes, and how near the codes come to the entropy.

    python examples/binning.py DRIVE [--frames 6] [--start 0] [--qualities 0.2,0.4,0.6,0.8] [--everything]
    python examples/binning.py --codes

DRIVE has `left/` and `right/`, frames in order. The left camera is coded; the decoder has the right camera's picture. Every
picture is held against the one that plain `atn` gives. `--everything` sends every plane as syndromes, worth it or not: the whole
gain that side information has to give, and what codes make of it. `--codes` has no pictures: codes against the entropy of drawn
planes.
"""

import argparse
from collections import defaultdict
from itertools import islice
from pathlib import Path

import numpy as np

from simnet import codec
from simnet.codec.binning.belief_propagation import quantised_ratios
from simnet.codec.binning.binned_codec import BinnedDecoder, BinnedEncoder
from simnet.codec.binning.binned_coder import PlaneReport
from simnet.codec.binning.syndrome_code import PlaneSyndromes, find_plane
from simnet.codec.binning.syndrome_graph import MOST_LENGTH
from simnet.codec.binning.syndrome_rate import SyndromeRate
from simnet.interrupts import end_with_reader
from simnet.picture_files import read_rgb
from simnet.records import SideInformation

PACKET = 40
"""Bytes of IP, UDP and RTP headers in front of a supplement, which is a packet of its own."""
PLANE_HEADER = 4
MOST = 2.0
"""Most bytes of syndromes that are tried, over the entropy."""


class Everything(SyndromeRate):
    """Sends every plane as syndromes."""

    def choose(self, which: tuple[int, int], length: int, prior_bits: float) -> int | None:
        """Half of the entropy: the decoder asks for the rest."""
        return max(1, round(prior_bits / 16)) if 64 <= length <= MOST_LENGTH else None


def code(drive: list[tuple[np.ndarray, np.ndarray]], quality: float, *, everything: bool) -> None:
    """Code the left pictures at a quality and print what they took."""
    height, width = drive[0][0].shape[:2]
    encoder, plain = BinnedEncoder(width, height), codec.open_encoder("atn", width, height)
    if everything:
        encoder.rate = Everything()
    decoder, alone = BinnedDecoder(encoder.announcement), codec.open_decoder(plain.announcement)
    sent: dict[str, int] = defaultdict(int)
    reports: list[PlaneReport] = []
    most = 0

    def ask(request: bytes) -> bytes:
        answer = encoder.supplement(request)
        sent["requests"] += 1
        sent["binned"] += len(answer)
        return answer

    for left, right in drive:
        frame, whole, before = encoder.encode(left, quality), plain.encode(left, quality), sent["requests"]
        sent["binned"] += len(frame)
        sent["plain"] += len(whole)
        picture = decoder.decode(frame, [SideInformation(right, "right", 0)], ask).alone
        if not np.array_equal(picture, alone.decode(whole, ()).picture):
            raise SystemExit("another picture than plain atn's; expected the same")
        reports += decoder.reports
        most = max(most, sent["requests"] - before)
    frames, packets = len(drive), sent["binned"] + PACKET * sent["requests"]
    print(
        f"quality {quality}: plain {sent['plain'] / frames:.0f} B, binned {sent['binned'] / frames:.0f} B a frame "
        f"({sent['binned'] / sent['plain'] - 1:+.1%}; with supplements' packet headers {packets / sent['plain'] - 1:+.1%}), "
        f"requests {sent['requests'] / frames:.1f} a frame, at most {most}",
        flush=True,
    )
    tell(reports, frames, sent["plain"] / frames)


def tell(reports: list[PlaneReport], frames: int, plain: float) -> None:
    """Print each plane's means, and those of all: bits, entropies and bytes."""
    by_plane: dict[object, list[PlaneReport]] = defaultdict(list)
    for report in reports:
        by_plane[f"pass {report.which.number} plane {report.which.plane}"].append(report)
        if report.length >= 4000:
            by_plane["4,000 bits and more"].append(report)
        by_plane["all planes"].append(report)
    for name in sorted(by_plane, key=str):
        own = by_plane[name]
        prior, side = (sum(getattr(each, key) for each in own) / 8 for key in ("prior_bits", "side_bits"))
        took = sum(each.sent_bytes + PLANE_HEADER for each in own)
        gain = (prior - side) / frames / plain
        print(
            f"  {name}: {len(own)} planes of {sum(each.length for each in own) / len(own):.0f} bits; a frame: prior "
            f"{prior / frames:.0f} B, given side {side / frames:.0f} B ({gain:.1%} of the frame to be had), "
            f"sent {took / frames:.0f} B, {took / side - 1:+.1%} over the entropy",
            flush=True,
        )


def codes(planes: int = 3) -> None:
    """Print bytes needed over the conditional entropy, CRC left out, of planes behind a Gaussian channel."""
    draw = np.random.default_rng(3)
    for length in (1000, 2000, 4000, 8000, 16000):
        row = []
        for entropy in (0.1, 0.2, 0.35, 0.5, 0.7, 0.85):
            needed = [needs(*gaussian(length, entropy, draw)) for _ in range(planes)]
            row.append(f"{entropy}: {'none' if max(needed) >= MOST else f'{np.mean(needed) - 1:+.1%}'}")
        print(f"{length} bits: {'  '.join(row)}", flush=True)


def gaussian(length: int, entropy: float, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Bits, log-likelihood ratios in nats, and the entropy in bytes, about `entropy` bits a bit."""
    bits = draw.integers(0, 2, length).astype(np.uint8)
    noise, signs, low, high = draw.standard_normal(length), 1 - 2.0 * bits, 1e-3, 100.0
    ratios, spent = noise, 0.0
    for _ in range(40):
        mean = (low * high) ** 0.5
        ratios = (mean + (2 * mean) ** 0.5 * noise) * signs
        spent = float(np.logaddexp2(0, -ratios * signs / np.log(2)).sum())
        low, high = (mean, high) if spent > entropy * length else (low, mean)
    return bits, ratios, spent / 8


def needs(bits: np.ndarray, ratios: np.ndarray, entropy: float) -> float:
    """Bytes of syndromes that suffice over the entropy, in steps of a hundredth of it, by bisection; MOST if none do."""
    sent, steps = PlaneSyndromes.of(bits), quantised_ratios(ratios)
    low, high = 100, round(100 * MOST)
    while high - low > 1:
        middle = (low + high) // 2
        size = min(len(sent.syndromes), round(entropy * middle / 100))
        low, high = (middle, high) if find_plane(steps, sent.crc, sent.syndromes[:size]) is None else (low, middle)
    return high / 100


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drive", type=Path, nargs="?")
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--qualities", default="0.2,0.4,0.6,0.8")
    parser.add_argument("--everything", action="store_true")
    parser.add_argument("--codes", action="store_true")
    given = parser.parse_args()
    if given.codes:
        codes()
    if given.drive is not None:
        files = islice(sorted((given.drive / "left").iterdir()), given.start, given.start + given.frames)
        drive = [(read_rgb(file), read_rgb(given.drive / "right" / file.name)) for file in files]
        for quality in map(float, given.qualities.split(",")):
            code(drive, quality, everything=given.everything)


if __name__ == "__main__":
    end_with_reader()
    main()
