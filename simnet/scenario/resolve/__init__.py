"""Resolution of a valid scenario: every name refers to something, every file exists, every default is filled in.

    ScenarioSpec ──▶ resolver ──▶ paths ──▶ nodes ──▶ world, links ──▶ media ──▶ streams ──▶ records.Scenario

Rules: one module resolves one part of the file and returns records. Faults are added to `Problems`, each with its location, so
that one error can say how many more there are; `resolver` stops after a stage with faults.
"""
