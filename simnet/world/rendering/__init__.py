"""Rendered worlds: streets, fields and intersections, drawn without a GPU.

scene + seed ──▶ meshes, materials, light ──renderer──▶ picture from a camera's pose; vehicles follow the scenario's nodes
"""
