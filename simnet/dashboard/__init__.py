"""Dashboard: a live page of a run in the browser.

    wire.LiveSubscriber ──▶ state ──▶ ground_map, charts, html_text ──▶ live_page (NiceGUI)
                              └─────▶ run_metrics (Prometheus)

Rules: it reads telemetry alone, no run folder, no world and no engine. Nothing that it does reaches the run.
"""
