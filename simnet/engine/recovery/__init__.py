"""What lets a run go on after a host or its leader has died: on disk and in memory, without a socket.

    answers, scores ──▶ Journal (WriteAheadLog)      read back by `simnet run --resume`, which runs the same clock again
    requests, states ─▶ Replay ──▶ messages           that make an empty host what it was
    side pictures ────▶ PictureSpool

Rules: a node's state is a pure function of its grants, so states and the grants since are enough. Grants and answers become
messages, and messages become them, in `marshalling` alone.
"""
