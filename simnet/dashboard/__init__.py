"""Dashboard: a live page of a run in the browser.

    wire.LiveSubscriber ──▶ state ──▶ ground_map, charts, html_text ──▶ live_page (NiceGUI)
                              └─────▶ run_metrics (Prometheus)

Rules: it reads only telemetry, no run folder, no world and no engine. It cannot affect the run.
"""
