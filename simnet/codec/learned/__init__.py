"""The learned codecs: networks, exported graphs at work, entropy coding of latents, alignment and fusion of side pictures."""
