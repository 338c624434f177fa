"""Sockets: a ROUTER for the broker, a DEALER for each host.

BrokerSocket.post ──▶ HostSocket.receive ──▶ node ──▶ HostSocket.reply ──▶ BrokerSocket.result
"""
