"""The tracks: how things move, and the readers of files that say so.

    SUMO, GPX, QGroundControl plan, CSV ──read──▶ Track (own places and clock) ──to_metres──▶ metres east, north, up of an origin
    Trajectory (records) ──poses, timed_trajectory──▶ position, heading, camera pose at a virtual time

Rules of this room: a reader keeps what its file says; the scenario decides on the origin and the start. A reader never guesses:
what it does not understand is an InputError with file, line or element, and what was expected.
"""

from simnet.tracks.track import Origin, Place, Track, to_metres

__all__ = ["Origin", "Place", "Track", "to_metres"]
