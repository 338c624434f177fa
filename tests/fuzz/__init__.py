"""Fuzz targets: generated inputs that a reader must take or refuse with a documented error, in bounded memory and time.

    targets/NAME.py ──▶ child (a process of its own) ──▶ result ──▶ harness: a failed test, or "NAME: N inputs in S s"

**Add a target**: write `targets/NAME.py`; nothing else names it. It defines

    INPUTS    a hypothesis strategy
    REFUSED   the exceptions that the reader documents, a tuple of classes
    attempt   a function of one input; what it returns is not looked at, so assert here what must hold of an accepted input

and, if it needs them,

    prepare      a function without arguments, called once before memory is bounded (imports, caches, a valid file to alter)
    MEMORY_MIB   address space that inputs may take together, beyond what `prepare` left; default `child.MEMORY_MIB`
    LONGEST_S    wall seconds that one input may take; default `child.LONGEST_S`

Start from valid data and alter it (`mutations.altered`): random bytes alone never pass a checksum. Any other exception, a
crash of the interpreter, more memory, or an input that takes longer is a failure; the report shows the smallest input found.

    pytest tests/fuzz                             a second for each target, always the same inputs first
    SIMNET_FUZZ_SECONDS=60 pytest tests/fuzz      a minute for each; -k NAME chooses one
    SIMNET_FUZZ_SEED=7 ...                        other inputs
"""
