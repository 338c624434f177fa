"""Sliced pictures: each frame in bands of rows, each band a picture of its own to the codec; lost ones are concealed.

    picture ── bands ──▶ codec ──▶ slices ── link ──▶ codec ──▶ bands that arrived ── fill ──▶ picture ── fuse ──▶ picture
                                                                                       ▲                    ▲
                                                  last pictures, side pictures ────────┴── side pictures ───┘

- `slice_encoder` and `slice_decoder` wrap any codec that codes each picture alone; `slice_codecs` says which do.
- `concealment` fills what is missing. It sees pictures alone, and knows neither codec nor bitstream.
"""
