"""Learned codecs: a backbone without side information, and decoders that align and fuse side pictures.

    picture ──analysis──▶ latent ──lowres_coder──▶ bitstream ──▶ latent ──synthesis──▶ decoded ──side_fusion──▶ picture
                                                                 side pictures ──alignment──▲

- `*_networks`, `*_parts`, `renderer_fusion`, `renderer_common` and `graph_export` need torch, to train and export; others run
  exported graphs (`inference`).
- `lowres_*` is the backbone, at 1/16 of the picture size; `renderer_*` are what `atn` and `ndic` add at the decoder.
- `learned_codec` is `factorized`, an earlier and simpler backbone.
"""
