"""The figures of a sweep's page. Each trace says in `meta.columns` what its numbers are, so that they can be taken as CSV.

`meta.columns` names x, y and then the values of `customdata`; a trace with `meta.skip` only decorates another.
"""
