"""Worlds of recorded pictures: folders, videos, and drives of stereo cameras.

camera, t_ns ──recorded_world──▶ file and index ──frames──▶ picture, scaled to the camera's size
"""
