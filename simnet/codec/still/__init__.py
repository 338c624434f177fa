"""Still-picture codecs: JPEG, JPEG 2000, WebP and AVIF through Pillow, HEVC intra through x265.

picture, quality in [0, 1] ──map──▶ setting of the library ──▶ file, framed as a bitstream; every frame is a key frame
"""
