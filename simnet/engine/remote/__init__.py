"""Nodes elsewhere: on hosts that are threads of this process, processes of this machine, or other machines.

    HostedNodes ── Launcher ──▶ HostPool          threads, processes (`launcher`, `supervisor`), or whoever joins (`rendezvous`)
         │                         │
    RemoteNodes ── NodeClient ── socket ~~~ wire ~~~ NodeServer ── CameraRuntime, FusionService
                      │                                                    (`local`)
                   recovery

Rules: the kernel sees the port alone; a lost host is a None and a fault. A request has a ticket, the same in every run of the
scenario, so that answers can be recorded and asked for again. States of nodes are packed and unpacked here.
"""
