"""Nodes elsewhere: client and server, placement, launcher, supervisor, rendezvous."""
