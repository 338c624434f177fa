"""Writes requirements.lock: what the image installs, every version and hash, from pyproject.toml. Needs uv.

    python .ci/lock.py

It is for Python 3.11 on Linux. Versions are those of a whole installation, so that an image gives the fingerprints of the machine
that it was tested on; packages that only training and CompressAI's models need are left out.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
BUILD = ("hatchling",)
"""What builds simnet itself."""
TRAINING = ("compressai", "onnx", "torch")
"""Dependencies that no run imports."""


def wanted() -> list[str]:
    """Return the requirements that the lock answers."""
    return sorted(each for each in _declared() if re.split(r"[^\w-]", each)[0] not in TRAINING)


def digest() -> str:
    """Return what the lock's first line says of the requirements that it answers."""
    return hashlib.sha256("\n".join(sorted(_declared())).encode()).hexdigest()


def main() -> None:
    """Resolve the requirements and write the lock."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as whole:
        whole.write(_resolved(_declared()))
        whole.flush()
        entries = _resolved(wanted(), "--generate-hashes", "--constraints", whole.name)
    LOCK.write_text(f"# Made by .ci/lock.py from {digest()}\n{entries.strip()}\n", encoding="utf-8")


def _declared() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dashboard"], *BUILD]


def _resolved(requirements: list[str], *options: str) -> str:
    arguments = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", *options]
    platform = ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
    # Files of this machine are no part of the lock.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("FIND_LINKS")}
    command = ["uv", "pip", "compile", "--quiet", *arguments, *platform, "-"]
    done = subprocess.run(
        command, input="\n".join(requirements), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
