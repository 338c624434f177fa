"""Nodes of this process: cameras, fusion, coders, frames, the ordered pool."""
