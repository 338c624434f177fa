"""The figures of a report as plain Plotly dicts: data and layout, made by hand.

One noun a file. What must not be here: importing plotly (slow, and the dicts need none; a test checks them against
`plotly.graph_objects`), and colours of text or grid, which follow the reader's light or dark scheme in the page.
"""
