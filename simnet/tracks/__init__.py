"""Files that say how something moved, or is to move: SUMO's floating car data, GPX, QGroundControl's plans, CSV.

    file ──read──▶ Track (its own places and clock) ──place──▶ metres east, north and up of an origin

A reader keeps what the file says; where the origin is and when the run begins is the scenario's business. No reader guesses: what
it does not understand is an InputError with the file, the line or element, and what was expected.
"""

from simnet.tracks.track import Origin, Place, Track, place

__all__ = ["Origin", "Place", "Track", "place"]
