"""A run's pictures through the store: what was ever rendered, coded, decoded or scored on this machine is not again.

    frame ── Originals ──▶ bitstream ── Encodings ──▶ picture ── Decodings ──▶ score
                       every result in the store, under a digest of all it depends on

For runs in one thread (`engine.local.local_nodes`). What comes out is bit for bit what cameras, fusion and scorer make of it in a
plain run.
Worlds and codecs are opened at the first miss: a run that has all been before opens none.
"""
