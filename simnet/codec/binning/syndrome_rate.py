"""How many syndromes to send of a plane: what the last frames needed, learnt from the decoder's requests alone.

The share of a plane's entropy under the prior that was sent falls by a little with every frame that needed no more, and rises to
what sufficed when the decoder asked: an outer loop, as in link adaptation. A plane whose share comes near 1 is not worth it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simnet.codec.binning.syndrome_graph import MOST_LENGTH

LEAST_PLANE = 400
"""Shorter planes are coded plainly."""
START = {
    (2, 0): 0.94, (2, 1): 0.54, (2, 2): 0.95, (2, 3): 0.93,
    (3, 0): 0.89, (3, 1): 0.53, (3, 2): 0.82, (3, 3): 0.85,
}  # fmt: skip
"""Shares of the first frame, by pass and plane: what one frame of a training drive (`kitti_gray_odometry_a`) needed.

Other planes begin as worthless.
"""
PROBE = 0.93
"""Share with which a worthless plane is tried again."""
DROP = 0.985
"""Factor after a frame that needed no more."""
MARGIN = 1.01
"""Factor on what sufficed after a request."""
WORTHLESS = 0.97
"""Share from which on a plane is coded plainly."""
RETRY = 32
"""Frames after which such a plane is tried again."""
MOST_SHARE = 0.95
"""Most syndromes, in bits a bit: so near 1, codes need every one."""

Key = tuple[int, int]


@dataclass(slots=True)
class SyndromeRate:
    """Shares by pass and plane."""

    least: int = LEAST_PLANE
    _shares: dict[Key, float] = field(default_factory=dict[Key, float])
    _rested: dict[Key, int] = field(default_factory=dict[Key, int])

    def choose(self, which: Key, length: int, prior_bits: float) -> int | None:
        """Bytes of syndromes to send of a plane of `length` bits; None: code it plainly."""
        share = self._shares.get(which, START.get(which, 1.0))
        if not self.least <= length <= MOST_LENGTH or min(share, PROBE) * prior_bits > MOST_SHARE * length:
            return None
        if share > WORTHLESS:
            self._rested[which] = self._rested.get(which, 0) + 1
            if self._rested[which] < RETRY:
                return None
            self._rested[which], share = 0, PROBE
            self._shares[which] = share
        # Rounded first, so that the last digit of a sum, which may be the processor's, decides nothing.
        return max(1, round(round(share * prior_bits / 8, 3)))

    def learn(self, which: Key, prior_bits: float, sent: int, *, asked: bool) -> None:
        """Take in what became of a plane: `sent` bytes in all, after requests or not."""
        share = 8 * sent / max(prior_bits, 1.0)
        self._shares[which] = share * (MARGIN if asked else DROP)
