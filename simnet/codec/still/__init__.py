"""Still-picture codecs: JPEG, JPEG 2000, WebP and AVIF through Pillow, HEVC intra through x265."""
