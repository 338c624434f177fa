"""What a stream does above its path: nothing, retransmission (ARQ), or forward error correction (FEC)."""
