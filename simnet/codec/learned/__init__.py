"""Learned codecs: a backbone without side information, and decoders that align and fuse side pictures.

    picture ──analysis──▶ latent ──context_coder──▶ bitstream ──▶ latent ──synthesis──▶ decoded ──side_fusion──▶ picture
                                                                  side pictures ──alignment──▲

- `*_networks`, `lowres_parts` and `graph_export` need torch, to train and export; others run exported graphs (`inference`).
- `lowres_*` is a backbone at 1/16 of the picture size; `context_coder` is the entropy coder of the other codecs.
"""
