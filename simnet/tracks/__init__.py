"""Motion of nodes, and readers of track files.

    SUMO, GPX, QGroundControl plan, CSV ──read──▶ Track (own places and clock) ──to_metres──▶ metres east, north, up of an origin
    Trajectory (records) ──poses, timed_trajectory──▶ position, heading, camera pose at a virtual time

Rules of this package: a reader keeps the file's coordinates and clock; the scenario sets the origin and the start. A reader never
guesses: unsupported input is an InputError with file, line or element, and the expected input.
"""

from simnet.tracks.track import Origin, Place, Track, to_metres

__all__ = ["Origin", "Place", "Track", "to_metres"]
