"""Tasks: what the receiver can still do with the pictures that it has.

    decoded picture, its original ─┐
    second view (same instant) ────┼──▶ Task.measure ──▶ figures of the frame ──▶ row, means, pages, checks
    lens and poses ────────────────┘

- **camera_view**: what a task sees of a camera. **task**: the interface of every task. **task_registry**: tasks by name.
- **stereo_depth**, **matching**: simnet's own tasks. **task_schedule**: which frames are due, and with which second view.

Rules of this package: a task is a function of its pictures alone, so that a run gives the same figures wherever and whenever it
measures them; it knows no clock, no link, no node and no file of a run. A task compares with the originals, which only
the part of a run that scores pictures has; the decoder never sees them.
"""
