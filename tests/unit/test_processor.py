"""What the processor's description says."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet import processor


@pytest.mark.parametrize(
    ("vendor", "flags", "is_fast", "widest"),
    [
        ("GenuineIntel", "fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile", True, "amx_bf16"),
        ("GenuineIntel", "fpu avx2 avx512f avx512_bf16", False, "avx512_bf16"),
        ("AuthenticAMD", "fpu avx2 avx512f avx512_bf16", True, "avx512_bf16"),
        ("AuthenticAMD", "fpu avx2", False, "avx2"),
    ],
)
def test_bfloat16_is_used_where_it_is_fast(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, flags: str, is_fast: bool, widest: str
) -> None:
    described = tmp_path / "cpuinfo"
    described.write_text(
        f"vendor_id\t: {vendor}\nmodel name\t: Some Processor\nflags\t\t: {flags}\n\nvendor_id\t: other\n"
    )
    monkeypatch.setattr(processor, "_CPUINFO", described)
    processor.is_fast_in_bfloat16.cache_clear()
    try:
        assert processor.is_fast_in_bfloat16() is is_fast
        assert processor.processor() == f"Some Processor ({widest})"
    finally:
        processor.is_fast_in_bfloat16.cache_clear()
