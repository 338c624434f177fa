"""The targets, one module each. See the docstring of `fuzz`."""
