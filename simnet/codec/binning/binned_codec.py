"""Codec `atn` with binning: its later passes as syndromes, decoded with the side picture, and more of them on request.

    encoder ──frame────────────▶ decoder ──▶ latent, picture         the same as atn's, to the bit
            ◀──request──────────    │        a plane's CRC fails: this many bytes more
            ──supplement───────▶    ▼

A frame's codec is named `atn{binning: ldpc}`: its CRC starts from another value, and a plain decoder refuses it. The encoder
sees no side picture. Where there is none at the decoder, planes are decoded under the prior, and take as many bytes as plainly
and a tenth more.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simnet.codec.binning.binned_coder import BinnedCoder, BinnedFrame, PlaneId, PlaneReport, PlaneRequest
from simnet.codec.binning.side_features import symbol_features
from simnet.codec.binning.side_latents import SideLatents
from simnet.codec.binning.side_model import SideTails
from simnet.codec.binning.symbol_planes import Tails
from simnet.codec.binning.syndrome_rate import SyndromeRate
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size, padded
from simnet.codec.learned.inference import finite, outputs
from simnet.codec.learned.learned_codec import announce, chosen_model
from simnet.codec.learned.lowres_codec import LowresDecoder, Networks, knot_shares
from simnet.codec.learned.lowres_coder import PassTurn, whole_z
from simnet.codec.learned.side_fusion import STRIDE
from simnet.errors import BitstreamError
from simnet.records import Announcement, Decoded, SideInformation

NAME = "atn{binning: ldpc}"
REQUEST = struct.Struct(">HBH")
"""A request: the frame's number, 16 times the pass and the plane, bytes of syndromes; AS_THEY_ARE: the plane's bits."""
AS_THEY_ARE = (1 << 16) - 1
KEPT_FRAMES = 16
"""Frames of which an encoder can send more."""

Ask = Callable[[bytes], bytes]
"""Sends a request and returns the supplement that answers it."""


@dataclass(frozen=True, eq=False)
class _SentFrame:
    frame: BinnedFrame
    step: int
    sent: dict[PlaneId, int]


class BinnedEncoder:
    """Encoder of one stream; see `protocols.Encoder`. `supplement` answers requests."""

    def __init__(self, width: int, height: int, model_name: str | None = None) -> None:
        self._model = chosen_model("atn", model_name)
        self.announcement = replace(announce(self._model, width, height), codec=NAME)
        self._networks = Networks(self._model, announce(self._model, width, height))
        self._coder, self.rate = BinnedCoder(self._networks.coder), SyndromeRate()
        self._sequence = 0
        self._kept: OrderedDict[int, _SentFrame] = OrderedDict()

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """Encode each frame alone; `key` has no effect."""
        del key
        check_size(image, self.announcement)
        step = framing.quality_step(quality)
        shares, coding = knot_shares(step, self._networks.knots), self._model.coding
        u, z = (
            finite(coding, "analysis", each[0]) for each in outputs(coding, "analysis", padded(image, STRIDE), shares)
        )
        z = whole_z(z)
        frame = self._coder.encode(u, z, step, self._networks.means(z, shares), self.rate.choose)
        for which, size in frame.sent.items():
            self.rate.learn(which, frame.prior_bits[which], size, asked=False)
        self._kept[self._sequence & 0xFFFF] = _SentFrame(frame, step, dict(frame.sent))
        while len(self._kept) > KEPT_FRAMES:
            self._kept.popitem(last=False)
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, frame.payload, self.announcement)

    def supplement(self, request: bytes) -> bytes:
        """Return more of a plane: a frame of the same number, whose payload is the plane's byte and what was asked for.

        Raises:
            BitstreamError: It is no request, or asks for what is not there.
        """
        sequence, which, size = read_request(request)
        kept = self._kept.get(sequence)
        if kept is None or which not in kept.frame.planes:
            raise BitstreamError(
                f"request for plane {which.plane} of pass {which.number} of frame {sequence}: not there"
            )
        syndromes, bits = kept.frame.planes[which]
        begin = kept.sent[which]
        if size is None:
            more = np.packbits(bits).tobytes()
        elif begin + size <= len(syndromes.syndromes):
            more = syndromes.syndromes[begin : begin + size]
        else:
            raise BitstreamError(
                f"request for {size} bytes behind {begin} of a plane's {len(syndromes.syndromes)}; expected no more than these"
            )
        kept.sent[which] += len(more)
        self.rate.learn(which, kept.frame.prior_bits[which], kept.sent[which], asked=True)
        payload = bytes([16 * which.number + which.plane]) + more
        return framing.pack(framing.Header(sequence, kept.step, key=True), payload, self.announcement)


class BinnedDecoder:
    """Decoder of one stream. `reports` tells of the last frame what each plane took."""

    uses_side = True

    def __init__(self, announcement: Announcement) -> None:
        self.announcement = announcement
        chosen = chosen_model("atn", announcement.model)
        plain = replace(announcement, codec="atn")
        self._plain, self._networks = LowresDecoder(plain, chosen), Networks(chosen, plain)
        self._coder = BinnedCoder(self._networks.coder)
        self._side = SideLatents(chosen, announcement.height, announcement.width)
        self.reports: list[PlaneReport] = []

    def decode(self, data: bytes, side: Sequence[SideInformation], ask: Ask | None = None) -> Decoded:
        """Decode one frame; `ask` gets more where its syndromes do not suffice.

        Raises:
            BitstreamError: `data` is no whole frame of this stream, or its syndromes do not suffice and nobody can be asked.
        """
        steps = self.steps(data, side)
        try:
            request = next(steps)
            while True:
                if ask is None:
                    sequence, which, _ = read_request(request)
                    raise BitstreamError(
                        f"frame {sequence}: its syndromes do not suffice for plane {which.plane} of pass {which.number}; "
                        "expected a way to ask for more"
                    )
                request = steps.send(ask(request))
        except StopIteration as end:
            return end.value

    def steps(self, data: bytes, side: Sequence[SideInformation]) -> Generator[bytes, bytes, Decoded]:
        """Decode one frame: yield requests, take supplements, return the picture; see `decode`."""
        header = framing.verify(data, self.announcement)
        shares = knot_shares(header.quality, self._networks.knots)
        payload = self._coder.open(framing.payload(data), self._networks.size)
        means = self._networks.means(payload.z, shares)

        def tails_of(turn: PassTurn) -> Tails | None:
            if not side:
                return None
            known = turn.y_hat, means, shares, side[0].picture
            expected = self._side.expected(turn.number, turn.mean, *known)
            return SideTails(symbol_features(turn.number, header.quality, turn.indexes, turn.mean, expected))

        decoding = payload.decode(header.quality, means, tails_of)
        self.reports = payload.reports
        latent = yield from self._answered(decoding, header)
        drawn = self._plain.drawn(latent + means.correction, shares)
        return self._plain.fused(drawn, side)

    def _answered(
        self, decoding: Generator[PlaneRequest, bytes, np.ndarray], header: framing.Header
    ) -> Generator[bytes, bytes, np.ndarray]:
        """Turn planes' requests into messages, and check what answers them."""
        try:
            wanted = next(decoding)
            while True:
                which = 16 * wanted.which.number + wanted.which.plane
                size = AS_THEY_ARE if wanted.size is None else wanted.size
                answer = yield REQUEST.pack(header.sequence, which, size)
                told = framing.verify(answer, self.announcement)
                payload = framing.payload(answer)
                if told.sequence != header.sequence or payload[0] != which:
                    raise BitstreamError(
                        f"supplement of frame {told.sequence}, plane {payload[0]:#04x}; expected {header.sequence}, {which:#04x}"
                    )
                wanted = decoding.send(payload[1:])
        except StopIteration as end:
            return end.value


def read_request(request: bytes) -> tuple[int, PlaneId, int | None]:
    """Return the frame's number, the plane and how many bytes are asked for (None: the plane's bits)."""
    if len(request) != REQUEST.size:
        raise BitstreamError(f"request of {len(request)} bytes; expected {REQUEST.size}")
    sequence, which, size = REQUEST.unpack(request)
    return sequence, PlaneId(*divmod(which, 16)), None if size == AS_THEY_ARE else size
