"""Resolution of a valid scenario: it checks that every name and file exists, and fills in every default.

    ScenarioSpec ──▶ resolver ──▶ paths ──▶ nodes ──▶ world, links ──▶ media ──▶ streams ──▶ records.Scenario

Rules: one module resolves one part of the file and returns records. Faults are added to `Problems`, each with its location, so
that one error can state the number of further faults; `resolver` stops after a stage with faults.
"""
