"""Layout of the low-resolution backbone's latent, which its networks and its integer index maps share.

Pass p codes, of each quarter g of the channels, one parity of rows and columns: PARITIES[p] ^ g, as 2 * (row % 2) + column % 2.
"""

PARITIES = (0, 3, 1, 2)
PASSES = len(PARITIES)
REDUCTION = 4
"""Ratio of the latent's size to z's size."""
ACTIVITY_GROUPS = 16
"""Number of channel groups whose mean magnitudes are used."""
LARGEST_MAGNITUDE = 15
"""Larger symbols count as this one in the index maps."""
