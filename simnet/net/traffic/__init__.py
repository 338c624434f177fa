"""Background traffic: what else a link carries beside the streams of a scenario.

    sources ──▶ LoadedLink ──▶ link (queue, transmitter, air)        streams offer their packets to the same link
       ▲            │
       └── passage ─┘        a greedy flow learns, a round trip later, what became of each packet

- `open_loop`: Poisson and on-off sources, whose times of sending depend on nothing.
- `greedy_flow`: a flow like TCP's, which sends as its packets arrive or are lost.
- `loaded_link` puts the sources of a link in front of it. Packets of sources come before those of streams at the same instant.

A link without a schedule of its own (`Link`) needs no event: everything that its sources do until an instant is worked out when a
stream offers a packet then, or when somebody asks for its statistics.
"""
