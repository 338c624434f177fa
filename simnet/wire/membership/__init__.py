"""Membership: which hosts take part in a run.

    hello ──▶ Roster (admission) ──▶ Membership: joined ──heartbeat missing──▶ away (Absence) ──hello again──▶ joined

- `admission` checks a host's claim against the roster; `membership` keeps who joined and who is away.
- `heartbeat` runs in threads of its own; `liveness` says when an absence fails the run. Only `heartbeat` has sockets.
"""
