"""What a run takes: seconds by phase (`PhaseTimer`) and by thread (`ThreadTimer`), memory and its bounds, and its processor.

    PhaseTimer.mark ── "opening nodes" ── "run" ── "writing rows"       one after the other
    ThreadTimer.part ── "encoding", "decoding", "scoring" ...           summed over threads and hosts

Rules: a leaf. Every room may import it, and it imports none.
"""
