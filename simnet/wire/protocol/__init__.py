"""The protocol: message types, their bytes, sequence numbers and cached replies. Sans-IO: no socket, no clock.

Message ──pack──▶ [kind, msgpack header, payload ...] ──unpack──▶ Message        checked against MESSAGE_TYPES on both sides
Requests (broker): number, resend ──▶ Replies (host): new, repeated or stale?
"""
