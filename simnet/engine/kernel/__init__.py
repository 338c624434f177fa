"""The kernel: one run's clock, and the port to its nodes.

    Kernel ── capture, deliver, wake, decode ──▶ Nodes        (`port`: local or remote, the kernel cannot tell)
       │ ◀── Coded, Plan ──────────────────────────┘ └──▶ Results     pictures and faults, at any time
       ├── send ──▶ net.Network ── delivery ──▶ Kernel
       └── every event, in virtual order ──▶ results.Ledger

Rules: the loop is written once, here. It blocks in wall time only where a frame is taken whose coding has ended in virtual time,
and where `pass_time` paces it. It knows neither sockets nor codecs nor pictures nor progress bars. Nothing that it does depends
on the order in which answers come, so a run has one fingerprint wherever its nodes are.
"""
