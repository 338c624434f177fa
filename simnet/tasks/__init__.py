"""Tasks: what the receiver can still do with the pictures that it has.

    decoded picture, its original ─┐
    second view (same instant) ────┼──▶ Task.measure ──▶ figures of the frame ──▶ row, means, pages, checks
    lens and poses ────────────────┘

- **camera_view**: what a task sees. **task**: the interface of tasks. **task_registry**: tasks by name, and plug-ins.
- **stereo_depth**, **matching**, **detection**: simnet's own tasks. **task_schedule**: frames that are due, and second views.
- **detector** runs what **detector_file** reads, **boxes_out** takes boxes from its output; **true_boxes** and **coco_truth**
  have what is there, **average_precision** compares.

Rules of this package: a task is a function of its pictures alone, so that a run gives the same figures wherever and whenever it
measures them; it knows no clock, no link, no node and no file of a run. A task compares with the originals, which only
the part of a run that scores pictures has; the decoder never sees them.
"""
