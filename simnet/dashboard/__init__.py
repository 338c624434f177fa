"""The dashboard room: what a run looks like while it goes on, in a browser.

    wire.LiveSubscriber ──▶ state ──▶ ground, charts, words ──▶ page (NiceGUI)
                              └─────▶ metrics (Prometheus)

It watches over telemetry alone: no run folder, no world, no engine, and nothing it does reaches a run.
"""
