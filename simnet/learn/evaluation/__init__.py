"""What `learn.evaluation.evaluator` is made of: which pictures, coded how, scored, compared, and what is shown of them.

    options (what was typed) -> drives (files) -> pairs (what serves what) -> coding (bytes, pictures)
        -> scores (rows) -> simnet.bd_rate, offsets -> result
        -> examples (pictures for people to look at) --^

Codecs are reached through `simnet.codec`'s names alone. Nothing here draws a table or a page: that is the report's.
"""
