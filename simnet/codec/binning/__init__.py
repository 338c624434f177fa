"""Slepian-Wolf coding of the low-resolution latent: syndromes in the place of symbols that the side picture tells anyway.

    syndrome_graph       the code: a sparse graph, the same on both sides
    syndrome_code        a plane of bits <-> syndromes, of which the decoder may ask for more; its CRC
    belief_propagation   the decoder's search for the plane, in integers
    symbol_planes        symbols <-> planes of bits
    side_latents, side_features, side_model     the decoder's probabilities, from an aligned side picture
    binned_coder         the passes of `learned.lowres_coder`, some of them as syndromes
    binned_codec         `atn` with a request for more

The encoder knows nothing of the side picture. It sends as many syndromes as the last frames needed, and more when it is asked to.
"""
