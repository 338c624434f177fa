"""Light imports load no heavy library."""

import subprocess
import sys

import pytest

HEAVY = {"PIL", "av", "cv2", "jinja2", "numpy", "openvino", "pandas", "plotly", "pyarrow", "simnet.api", "torch"}
IDENTITY = "from simnet.codec.identity import codec_identity as i; [i(name) for name in ('atn', 'hevc+fuse', 'jpeg')]"


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import simnet; dir(simnet)", set()),
        ("import simnet.report", set()),
        ("import simnet.row_statistics", {"numpy"}),
        (IDENTITY, {"numpy"}),
    ],
    ids=["package", "report", "figures", "codec identity"],
)
def test_import_loads_nothing_heavy(code: str, allowed: set[str]) -> None:
    ask = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) & HEAVY <= allowed
