"""Rendered worlds: streets, fields and intersections, drawn without a GPU in a process of their own.

    process of a run                                 process of the renderer
    RenderedWorld ─┐                                 draw_server ─ StagedScene ─ Stage (Panda3D)
    render_pairs ──┴ DrawClient ─ DrawProcess ══════▶   scene + seed ──▶ meshes, materials, light ──▶ picture

- **render_requests** are what goes there; pictures come back through shared memory.
- `DrawClient` starts the process again if it dies. The process ends with its owner, whatever ends that.

Rules: only `draw_server` imports the modules that use Panda3D, and only in the renderer's process. A picture depends on its
request alone.
"""
