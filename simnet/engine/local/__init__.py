"""Nodes of this process: one camera runtime over three coders, and what decodes for fusion.

    capture ──▶ CameraRuntime ──▶ Coder ── LiveCoder      an encoder on frames of the world
                                        ├─ CachedCoder    through the store (`engine.cached`)
                                        └─ RecordedCoder  sizes from rows, no pictures
    deliver ──▶ nodes.AllottingPlanner
    decode ───▶ Pictures ── LivePictures, CachedPictures, NoPictures

Rules: nothing here sends or packs anything; states are plain records of `nodes`, and `remote` packs them. Frames of the world are
made once a process (`LazyWorld`); what is decoded in threads is decoded in order (`OrderedPool`).
"""
