"""A valid document becomes a resolved scenario: names refer to something, defaults are filled in."""
