"""The processor that a fingerprint was made on: learned codecs round differently with other vector instructions."""

from __future__ import annotations

import platform
from pathlib import Path

_VECTORS = ("avx512_bf16", "avx512f", "avx2", "avx", "sse4_2", "asimd")


def processor() -> str:
    """Return the processor's name and the widest vector instructions it has."""
    described = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    if described.exists():
        for line in described.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    widest = next((flag for flag in _VECTORS if flag in flags), "")
    return f"{name} ({widest})" if widest else name
