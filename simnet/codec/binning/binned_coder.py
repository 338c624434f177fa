"""Payload of binned frames: z and the first pass range-coded, planes of the later passes as syndromes.

    number of z's prior, 1 byte | which planes of passes 1 to 3 are syndromes, 1 byte each | number of rANS words, 2 bytes |
    rANS words: z, pass 0, the rest of passes 1 to 3 | for each plane of syndromes: CRC-16, bytes of syndromes (2), syndromes

Bit k of a pass's byte stands for plane k. Of a pass with any, those below the last one that are no syndromes are range-coded,
then what the last one leaves open; other passes are range-coded whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from simnet.codec.binning.belief_propagation import quantised_ratios
from simnet.codec.binning.rest_tables import PriorTails, plane_tables, rest_tables
from simnet.codec.binning.symbol_planes import MOST_PLANES, SymbolPlanes, Tails, cost_bits, expected_bits, log_ratios
from simnet.codec.binning.syndrome_code import PlaneSyndromes, check_prefix, find_plane
from simnet.codec.bitstream.range_coder import RangeDecoder, RangeEncoder
from simnet.codec.learned.lowres_coder import LARGEST_SYMBOL, LowresCoder, Means, PassTurn, whole_z
from simnet.codec.learned.lowres_indexes import places
from simnet.codec.learned.lowres_layout import PASSES, REDUCTION
from simnet.errors import BitstreamError

FRONT = struct.Struct(">B3BH")
PLANE = struct.Struct(">HH")
MOST_WORDS = (1 << 16) - 1
USUAL = 1.12
"""Syndromes that codes of some thousand bits usually need, as a factor on the entropy."""


class PlaneId(NamedTuple):
    """A plane of a frame: its pass, from 1 up, and its number in the pass."""

    number: int
    plane: int


class PlaneRequest(NamedTuple):
    """What the decoder asks for: `size` more bytes of a plane's syndromes; None: the plane's bits as they are."""

    which: PlaneId
    size: int | None


@dataclass(slots=True)
class PlaneReport:
    """What a plane took: bits; entropies in bits under the prior and with side information; bytes sent; requests."""

    which: PlaneId
    length: int
    prior_bits: float
    side_bits: float
    sent_bytes: int = 0
    requests: int = 0


@dataclass(frozen=True, eq=False)
class BinnedFrame:
    """A payload, and what may be asked for later: of each plane all syndromes, the bits, and the entropy under the prior."""

    payload: bytes
    planes: dict[PlaneId, tuple[PlaneSyndromes, np.ndarray]]
    prior_bits: dict[PlaneId, float]
    sent: dict[PlaneId, int]


TailsOf = Callable[[PassTurn], Tails | None]
"""Returns the probabilities of a pass's sent symbols; None where no side picture tells any."""
Choose = Callable[[PlaneId, int, float], int | None]
"""Returns how many bytes of syndromes to send of a plane, given its bits and entropy under the prior; None: code it plainly."""


class BinnedCoder:
    """Codes latents with a backbone's tables."""

    def __init__(self, coder: LowresCoder) -> None:
        self._coder, self._tables = coder, coder.gaussians.tables

    def encode(self, u: np.ndarray, z: np.ndarray, step: int, means: Means, choose: Choose) -> BinnedFrame:
        """Code a scaled latent float32 (C, h, w) given z from `whole_z`; see `LowresCoder.encode`."""
        coder, prior = RangeEncoder(), self._coder.choose_prior(z)
        coder.put(z.ravel(), *self._coder.tables_of_z(z.shape, prior))
        frame = BinnedFrame(b"", {}, {}, {})
        turns, masks = self._coder.passes(z, u.shape[1:], step, means), [0] * PASSES
        try:
            turn = next(turns)
            while True:
                whole = [
                    np.clip(np.rint(u[where] - turn.mean[where]), -LARGEST_SYMBOL, LARGEST_SYMBOL) * (index > 0)
                    for where, index in zip(places(turn.number, len(u)), turn.indexes, strict=True)
                ]
                symbols = [each.astype(np.int64) for each in whole]
                masks[turn.number] = self._put(turn, symbols, coder, choose, frame)
                turn = turns.send(symbols)
        except StopIteration:
            return self._packed(prior, masks, coder.finish(), frame)

    def _put(
        self, turn: PassTurn, symbols: list[np.ndarray], coder: RangeEncoder, choose: Choose, frame: BinnedFrame
    ) -> int:
        """Code a pass; return which of its planes are syndromes."""
        tables, own = _sent(turn, turn.indexes), _sent(turn, symbols)
        mask = self._chosen(turn, tables, own, choose, frame) if turn.number else 0
        planes = SymbolPlanes(len(tables))
        while planes.plane < mask.bit_length():
            bits = planes.bits(own)
            if not mask >> planes.plane & 1:
                coder.put(bits, tables[planes.open], plane_tables(self._tables, planes.plane))
            planes.take(bits)
        kind = rest_tables(self._tables, planes.plane) if planes.plane else self._tables
        coder.put(planes.rest_of(own), tables[planes.open], kind)
        return mask

    def _chosen(self, turn: PassTurn, tables: np.ndarray, own: np.ndarray, choose: Choose, frame: BinnedFrame) -> int:
        """Choose the planes of a pass that are syndromes, one bit each, and work these out."""
        mask, planes, tails = 0, SymbolPlanes(len(tables)), PriorTails(self._tables, tables)
        while planes.plane < MOST_PLANES and planes.open.any():
            bits, which = planes.bits(own), PlaneId(turn.number, planes.plane)
            entropy = cost_bits(planes.chances(tails), bits)
            size = choose(which, len(bits), entropy)
            if size is not None:
                syndromes = PlaneSyndromes.of(bits)
                mask |= 1 << planes.plane
                frame.planes[which] = syndromes, bits
                frame.prior_bits[which], frame.sent[which] = entropy, min(size, len(syndromes.syndromes))
            planes.take(bits)
        return mask

    @staticmethod
    def _packed(prior: int, masks: list[int], words: bytes, frame: BinnedFrame) -> BinnedFrame:
        if len(words) // 4 > MOST_WORDS:
            raise BitstreamError(f"{len(words)} bytes of range-coded symbols; expected up to {4 * MOST_WORDS}")
        parts = [FRONT.pack(prior, *masks[1:], len(words) // 4), words]
        for which, (syndromes, _) in frame.planes.items():
            size = frame.sent[which]
            parts += [PLANE.pack(syndromes.crc, size), syndromes.syndromes[:size]]
        return BinnedFrame(b"".join(parts), frame.planes, frame.prior_bits, frame.sent)

    def open(self, data: bytes, size: tuple[int, int]) -> BinnedPayload:
        """Start to decode a payload with a valid CRC; BitstreamError if it is not one of this codec."""
        if len(data) < FRONT.size:
            raise BitstreamError(f"payload of {len(data)} bytes; expected at least {FRONT.size}")
        prior, *masks, words = FRONT.unpack_from(data)
        if prior >= (known := len(self._coder.priors.lengths) // self._coder.hyper):
            raise BitstreamError(f"payload names prior {prior}; expected one below {known}")
        end = FRONT.size + 4 * words
        if not words or len(data) < end:
            raise BitstreamError(f"payload of {len(data)} bytes, {words} range-coded words; expected all of them")
        planes: dict[PlaneId, tuple[int, bytes]] = {}
        for which in (
            PlaneId(1 + i, plane) for i, mask in enumerate(masks) for plane in range(MOST_PLANES) if mask >> plane & 1
        ):
            if len(data) < end + PLANE.size or len(data) < end + PLANE.size + PLANE.unpack_from(data, end)[1]:
                raise BitstreamError(f"payload ends in plane {which.plane} of pass {which.number}; expected all of it")
            crc, length = PLANE.unpack_from(data, end)
            end += PLANE.size + length
            planes[which] = crc, data[end - length : end]
        if end != len(data):
            raise BitstreamError(f"payload of {len(data)} bytes; expected {end}, as its planes say")
        shape = (self._coder.hyper, *(-(-side // REDUCTION) for side in size))
        decoder = RangeDecoder(data[FRONT.size : FRONT.size + 4 * words])
        z = whole_z(decoder.take(*self._coder.tables_of_z(shape, prior)).astype(np.float64).reshape(shape))
        return BinnedPayload(self._coder, z, size, decoder, planes)


@dataclass(slots=True)
class BinnedPayload:
    """A payload that is being decoded: z is known, float32 (hyper, h', w')."""

    _coder: LowresCoder
    z: np.ndarray
    _size: tuple[int, int]
    _decoder: RangeDecoder
    _planes: dict[PlaneId, tuple[int, bytes]]
    reports: list[PlaneReport] = field(default_factory=list[PlaneReport])
    """What each plane took, as far as they are decoded."""

    def decode(self, step: int, means: Means, tails_of: TailsOf) -> Generator[PlaneRequest, bytes, np.ndarray]:
        """Yield requests, take the bytes asked for, return the scaled latent float32 (C, *size).

        Raises:
            BitstreamError: What was sent fits no plane.
        """
        turns = self._coder.passes(self.z, self._size, step, means)
        try:
            turn = next(turns)
            while True:
                symbols = yield from self._pass(turn, tails_of)
                ends = np.cumsum([index.size for index in turn.indexes])[:-1]
                parts = zip(np.split(symbols, ends), turn.indexes, strict=True)
                turn = turns.send([part.reshape(index.shape) for part, index in parts])
        except StopIteration as end:
            return end.value

    def _pass(self, turn: PassTurn, tails_of: TailsOf) -> Generator[PlaneRequest, bytes, np.ndarray]:
        tables = _sent(turn, turn.indexes)
        planes, own = SymbolPlanes(len(tables)), self._coder.gaussians.tables
        last = max((which.plane for which in self._planes if which.number == turn.number), default=-1)
        prior = PriorTails(own, tables)
        tails = prior if last < 0 else tails_of(turn) or prior
        while planes.plane <= last:
            bits = yield from self._bits(turn.number, planes, tables, prior, tails)
            planes.take(bits)
        kind = rest_tables(own, planes.plane) if planes.plane else own
        found = planes.finish(self._decoder.take(tables[planes.open], kind).astype(np.int64))
        whole = np.zeros(sum(index.size for index in turn.indexes), np.int64)
        whole[np.concatenate([index.ravel() for index in turn.indexes]) > 0] = found
        return np.clip(whole, -LARGEST_SYMBOL, LARGEST_SYMBOL)

    def _bits(
        self, number: int, planes: SymbolPlanes, tables: np.ndarray, prior: Tails, tails: Tails
    ) -> Generator[PlaneRequest, bytes, np.ndarray]:
        """Decode the next plane, plain or from syndromes."""
        which = PlaneId(number, planes.plane)
        if which not in self._planes:
            kind = plane_tables(self._coder.gaussians.tables, planes.plane)
            return np.clip(self._decoder.take(tables[planes.open], kind), 0, 1).astype(np.uint8)
        chances = planes.chances(tails)
        report = PlaneReport(which, len(chances), 0.0, 0.0)
        bits = yield from self._plane(report, quantised_ratios(log_ratios(chances)), expected_bits(chances) / 8)
        report.prior_bits, report.side_bits = cost_bits(planes.chances(prior), bits), cost_bits(chances, bits)
        self.reports.append(report)
        return bits

    def _plane(
        self, report: PlaneReport, ratios: np.ndarray, expected: float
    ) -> Generator[PlaneRequest, bytes, np.ndarray]:
        """Find a plane, with more syndromes if need be, and at last with the bits themselves."""
        crc, received = self._planes[report.which]
        report.sent_bytes = len(received)
        whole = check_prefix(len(ratios), len(received)) // 8
        # With fewer syndromes than the entropy that it expects, the decoder need not try.
        while len(received) < expected or (found := find_plane(ratios, crc, received)) is None:
            report.requests += 1
            size = more_bytes(len(received), min(whole, len(ratios) // 8 * 15 // 16), expected)
            answer = yield PlaneRequest(report.which, size)
            report.sent_bytes += len(answer)
            if size is None:
                return _as_they_are(answer, len(ratios))
            if len(answer) != size:
                raise BitstreamError(f"{len(answer)} more bytes of a plane; expected the {size} asked for")
            received += answer
        return found


def more_bytes(received: int, most: int, expected: float) -> int | None:
    """How many more bytes of syndromes to ask for; None: the plane's bits, once `most` bytes have not sufficed.

    The first time as many as a code usually needs for the `expected` bytes of entropy, then a twentieth more each time.
    """
    if received >= most:
        return None
    # Rounded first, so that the last digit of a sum, which may be the processor's, decides nothing.
    return min(most - received, max(4, received // 20, round(round(expected * USUAL, 3)) - received))


def _as_they_are(answer: bytes, bits: int) -> np.ndarray:
    if len(answer) != -(-bits // 8):
        raise BitstreamError(f"plane of {bits} bits in {len(answer)} bytes; expected {-(-bits // 8)}")
    return np.unpackbits(np.frombuffer(answer, np.uint8))[:bits]


def _sent(turn: PassTurn, values: list[np.ndarray]) -> np.ndarray:
    """Values of a pass's sent symbols, in one row."""
    return np.concatenate([each[index > 0] for each, index in zip(values, turn.indexes, strict=True)])
