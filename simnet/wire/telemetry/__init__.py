"""Telemetry: what a run publishes while it goes on, for dashboards.

    run ──put──▶ LivePublisher (XPUB, own thread) ──tcp──▶ LiveSubscriber (SUB, own thread) ──▶ dashboard

It runs beside the run and never changes it: records that come faster than they can be sent are dropped and counted.
"""
