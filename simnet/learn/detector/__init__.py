"""Training of a small detector of cars on rendered worlds, for the task `detection`.

    detector_views ── pictures and boxes ──▶ detector_training ── detector_network ──▶ detector_export ──▶ street_cars.onnx, .yaml

`detector_recipe` is the whole of it. Views have seeds of their own, which no scenario has.
"""
