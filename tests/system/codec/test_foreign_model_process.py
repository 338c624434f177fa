"""A model folder of a stranger does not end the interpreter."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from safetensors import safe_open
from safetensors.numpy import save_file

from simnet import shipped
from simnet.codec import model


def test_cut_table_does_not_end_the_interpreter(tmp_path: Path) -> None:
    """It ended with SIGFPE: a count that does not grow divides by zero in the range coder."""
    shutil.copytree(shipped.folder("models") / "factorized", tmp_path / "own")
    file = tmp_path / "own" / model.WEIGHTS
    with safe_open(file, framework="numpy") as content:
        arrays = {key: content.get_tensor(key) for key in content.keys()}  # noqa: SIM118 - it is not a dictionary
    arrays["tables.cdf"] = np.zeros_like(arrays["tables.cdf"])
    save_file(arrays, file)
    manifest = yaml.safe_load((file.parent / "manifest.yaml").read_text())
    manifest["digests"][model.WEIGHTS] = hashlib.sha256(file.read_bytes()).hexdigest()
    (file.parent / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    picture = tmp_path / "a.ppm"
    picture.write_bytes(b"P6 32 32 255\n" + bytes(32 * 32 * 3))
    command = [sys.executable, "-m", "simnet", "encode", str(picture), "-o", str(tmp_path / "out.snet")]
    options = ["--codec", "factorized", "--model", str(tmp_path / "own")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "counts that do not grow" in done.stderr
    assert done.stderr.count("\n") == 1
