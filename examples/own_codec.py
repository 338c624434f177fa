"""A codec of one's own, held against simnet's conformance suite; docs/howto/plugins.md makes it a package."""

import zlib

import numpy as np

from simnet import testing


class Coarse:
    """The upper bits of every channel, deflated."""

    takes_side = False

    def encode(self, image: np.ndarray, quality: float) -> bytes:
        """Encode uint8 H x W x 3; more bits at higher quality."""
        bits = 2 + round(6 * quality)
        return bytes([bits]) + zlib.compress((image >> (8 - bits)).tobytes())

    def decode(self, payload: bytes, width: int, height: int, side: list[np.ndarray]) -> np.ndarray:
        """Decode to uint8 height x width x 3; any error refuses the payload."""
        del side
        bits = payload[0]
        levels = np.frombuffer(zlib.decompress(payload[1:]), np.uint8).reshape(height, width, 3)
        return (levels << (8 - bits)) + (128 >> bits)


if __name__ == "__main__":
    testing.check_codec(Coarse)
    print("Coarse passes", len(testing.CODEC_CHECKS), "checks")
