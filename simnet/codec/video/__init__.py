"""Video codecs with low delay: H.264, HEVC and AV1 through FFmpeg.

    frames ──video_encoders (libav)──▶ packets, key or predicted ──▶ decoder, in order

A predicted frame refers to the one before it. `yuv` converts colours; `scheduling` keeps the priority of this process's threads.
"""
