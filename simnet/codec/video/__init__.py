"""Inter-coded video of low delay: H.264, HEVC and AV1 through FFmpeg."""
