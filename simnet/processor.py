"""The processor: what a fingerprint was made on, and which number format it computes fastest in.

Learned codecs round differently with other vector instructions.
"""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

_VECTORS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2", "avx", "sse4_2", "asimd")
_CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """Return the processor's name and the widest vector instructions it has."""
    fields = _fields()
    name = fields.get("model name") or platform.processor() or platform.machine()
    flags = _flags()
    widest = next((flag for flag in _VECTORS if flag in flags), "")
    return f"{name} ({widest})" if widest else name


@cache
def is_fast_in_bfloat16() -> bool:
    """Whether networks run faster in bfloat16 than in float32.

    With AMX, or with AVX-512's instructions on AMD's processors, they take about half of the time. On Intel's without AMX, as
    virtual machines often have them, they take a quarter more, since each layer converts its numbers.
    """
    flags = _flags()
    return "amx_bf16" in flags or ("avx512_bf16" in flags and _fields().get("vendor_id") == "AuthenticAMD")


def _flags() -> list[str]:
    fields = _fields()
    return (fields.get("flags") or fields.get("Features") or "").split()


def _fields() -> dict[str, str]:
    """Return the first core's lines of Linux's description; nothing elsewhere."""
    fields: dict[str, str] = {}
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    return fields
