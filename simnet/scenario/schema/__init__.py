"""The schema of a scenario file: what may be written, what it means, what it is if left out."""
