"""Low-delay video codecs: H.264, HEVC and AV1 through FFmpeg.

    frames ──video_encoders (libav)──▶ packets, key or predicted ──▶ decoder, in order

A predicted frame refers to the frame before it. `yuv` converts colours; `scheduling` preserves thread priorities.
"""
