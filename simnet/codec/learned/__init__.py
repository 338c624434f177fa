"""The learned codecs: a backbone without side information, and decoders that align and fuse side pictures.

    picture ──analysis──▶ latent ──context_coder──▶ bitstream ──▶ latent ──synthesis──▶ decoded ──side_fusion──▶ picture
                                                                  side pictures ──alignment──▲

- `*_networks`, `lowres_parts` and `graph_export` need torch, for training and export; others run exported graphs (`inference`).
- `lowres_*` are a backbone at 1/16 of the size, `context_coder` the entropy coder of the others.
"""
