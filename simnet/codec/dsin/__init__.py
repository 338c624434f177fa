"""DSIN (Ayzik and Avidan, "Deep image compression using decoder side information", ECCV 2020), with a real arithmetic coder.

`networks` and `context_network` are for training and export; `coding`, `probabilities` and `finder` run without torch.
"""
