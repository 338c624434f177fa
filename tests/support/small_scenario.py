"""A scenario file of two cameras and a sensor at fusion; PICTURES stands for the folder of pictures."""

FILE = """\
seed: 5
duration: 1 s
world: {kind: pictures, path: PICTURES}
nodes:
  car: {position: [0, 0], cameras: {a: {size: [64, 48], source: a}}}
  van: {position: [9, 0], cameras: {b: {size: [64, 48], source: b}}}
  hub: {position: [5, 0], cameras: {s: {size: [64, 48], source: s}}}
links:
  up: {from: car, to: hub, bandwidth: 300 kbit/s, jitter: 3 ms, loss: 5 %}
  up_2: {from: van, to: hub, bandwidth: 300 kbit/s, jitter: 3 ms, loss: 5 %}
streams:
  car/a: {codec: jpeg, rate: adaptive}
  van/b: {codec: jpeg, side_information: [car/a, hub/s]}
fusion: {at: hub}
"""
