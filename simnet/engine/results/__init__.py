"""What a run comes to: events, pictures and scores become a fingerprint and rows.

    kernel ── events, in virtual order ──▶ Ledger ──▶ EventDigest ── fingerprint
    nodes ─── pictures, faults ──▶ RunResults ──▶ Scorer ── scores ──▶ Ledger ── rows
                                       └── RunWatcher: Telemetry (--live), ExportObserver (--export)

Rules: nothing flows back into the run, so it is the same with and without watchers. The scorer has the originals and is apart
from whatever decodes. Original frames come as a callable: no world is opened here.
"""
