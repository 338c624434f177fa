"""Shared media: air on which several links transmit, one at a time.

    SharedLink: queue ──▶ head ──(Medium grants the air)──▶ Channel ──▶ passage

- `Tdma` gives every link a slot in turn; `Csma` is random access after IEEE 802.11; a `Cell` shares each slot among its links.
- A link reports that it has a head (`ready`); the medium sends the head, settles it and lets the link advance.
"""
