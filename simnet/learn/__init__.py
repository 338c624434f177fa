"""The learning room: pairs of pictures, losses, training, rate-distortion evaluation.

It may use the codec and the world; nothing that simulates uses it, so a run never loads a training library.
"""
