"""Data sets of stereo pairs for training and evaluation: recorded ones with published splits, and rendered ones.

name of a data set ──▶ stereo_pairs (files), dataset_splits (published splits), rendered_pairs ──▶ (left, right)
"""
