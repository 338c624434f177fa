"""DSIN (Ayzik and Avidan, "Deep image compression using decoder side information", ECCV 2020), with a real arithmetic coder.

    picture ──encoder──▶ symbols ──probabilities──▶ bitstream ──▶ decoder ──▶ decoded ──▶ side network ──▶ picture
                                                       side picture ──patch_finder──▶ patches ──▲

Only `dsin_networks` and `context_network` need torch, for training and export.
"""
