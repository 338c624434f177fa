"""simnet: a simulator of distributed camera networks with real codecs.

frame -> bitstream -> delivery -> picture -> row. Importing this package imports nothing heavy.
"""

__version__ = "0.1.0"
