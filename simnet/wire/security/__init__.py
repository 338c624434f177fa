"""Security on tcp: CURVE keys in folders, authentication at the broker, and the handshake at the host.

host: HostKeys ──CURVE handshake──▶ broker: BrokerKeys, Authenticator        unknown keys are turned away and logged once
"""
