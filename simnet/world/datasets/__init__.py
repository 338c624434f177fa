"""Data sets of stereo pairs: recorded ones with their published splits, and rendered ones."""
