"""Rate-distortion evaluation: select pictures, code them, score and compare, and keep examples.

    evaluation_options (command line) -> drives (files) -> evaluation_pairs (tasks) -> picture_coding (bytes, pictures)
        -> evaluation_rows (scores) -> evaluation_summary: simnet.bd_rate, bootstrap, offset_gain -> result
        -> complexity (parameters, multiplications, milliseconds) --------------------------------^
        -> example_pictures (pictures for visual inspection) --^

Codecs are opened only by name, through `simnet.codec`. This package draws no table and no page; `report` does.
"""
