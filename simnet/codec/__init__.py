"""The codec room: pixels <-> bytes.

Encoders cannot receive side information and decoders cannot receive the original. Beside `learn`, this is the only room
that may import torch, and only `networks` does: coding itself runs on exported graphs and integer tables, so that a
run pays for no training library. Links, clocks and files of rows do not belong here.
"""

from simnet.codec.registry import check, declared_times, names, open_decoder, open_encoder

__all__ = ["check", "declared_times", "names", "open_decoder", "open_encoder"]
