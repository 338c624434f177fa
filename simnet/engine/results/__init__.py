"""What a run comes to: ledger, fingerprint, scores, observers, telemetry."""
