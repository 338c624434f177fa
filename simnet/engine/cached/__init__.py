"""A run's pictures through the store: nothing is rendered, coded, decoded or scored twice on a machine.

    frame ── Originals ──▶ bitstream ── Encodings ──▶ picture ── Decodings ──▶ score
                       every result in the store, under a digest of all it depends on

For nodes in the kernel's thread (`engine.local`). Rules: what comes out is bit for bit what cameras, fusion and scorer make of it
in a plain run; worlds and codecs are opened at the first miss, so a run that has all been before opens none.
"""
