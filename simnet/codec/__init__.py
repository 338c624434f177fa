"""The codecs: pixels <-> bytes.

    frame ──Encoder──▶ bitstream: 8-byte header + entropy-coded payload ──Decoder (+ side information)──▶ picture
              │                                                             │
          registry.open_encoder                                       registry.open_decoder

- **registry**, **protocols**, **identity**, **model** are flat: names of codecs, the interfaces, digests, model folders.
- **bitstream/** is the frame header, integer entropy tables and fixed-point arithmetic.
- **learned/**, **published/**, **dsin/**, **compressai/** are neural codecs; **video/** and **still/** are classical ones.
- **sliced/** cuts frames of any codec that codes each picture alone into bands, and conceals bands that are lost.

Rules of this package:

- An encoder cannot receive side information; a decoder cannot receive the original.
- Coding runs on exported graphs and integer tables. Only network modules and `compressai` import torch.
- The same input gives the same bytes on every machine if the codec can guarantee it; digests cover everything that matters.
- Links, clocks and result files do not belong in this package.
"""

from simnet.codec.registry import check, declared_times, names, open_decoder, open_encoder

__all__ = ["check", "declared_times", "names", "open_decoder", "open_encoder"]
