"""Bitstream format: the bytes that cross a link. No network and no picture.

    framing: sequence, quality, flags, CRC-32 (8 bytes) | payload: symbols coded with integer tables (entropy_tables, fixed_point)

Entropy tables are integers that are stored with a checkpoint and never recomputed, so all machines decode the same symbols.
"""
