"""The nodes room: what a camera and the fusion centre do when the clock lets them act.

Nodes are state machines: a grant in, an answer out. The same grants give the same answers, in any process and at any speed.
Sockets, the wall clock, random numbers, pixels of other nodes and files do not belong here; drivers wait, nodes never do.

    capture grant  ──▶ camera ──▶ Coded   (rate control inside: rate, rate_model)
    delivery, wake ──▶ fusion ──▶ Plan    (which picture is decoded when and with what: fusion, choice, schedule)
"""
