"""What crosses a link: the frame header, integer entropy tables, the range coder, fixed-point arithmetic.

No network and no picture.
"""
