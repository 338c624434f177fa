"""Writes requirements.lock: what the image installs, every version and hash, from pyproject.toml. Needs uv.

    python .ci/lock.py

It is for Python 3.11 on Linux without a GPU. PyTorch's builds without GPU libraries are in an index of their own that not
every machine reaches, so their hashes are kept here; take new ones from its pages when the versions change.
"""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
BUILD = ("hatchling",)
"""What builds simnet itself."""
GPU = re.compile(r"nvidia-|cuda-|triton==")
CPU_BUILDS = {
    "torch==2.13.0": (
        "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    ),
    "torchvision==0.28.0": (
        "1dad604dfc0177ecebe0891bd9701fe2c62ec3f7819a247be541b3fb6effee99",
        "22958193d72444ed7cbcc665ba4821a31e5279f9c4d1ad08520918b30896b78a",
    ),
}
"""SHA-256 of the CPU builds for CPython 3.11, x86_64 and aarch64. PyPI's torchvision works with them too."""


def wanted() -> list[str]:
    """Return the requirements that the lock answers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted([*project["dependencies"], *project["optional-dependencies"]["dashboard"], *BUILD])


def digest() -> str:
    """Return what the lock's first line says of the requirements that it answers."""
    return hashlib.sha256("\n".join(wanted()).encode()).hexdigest()


def main() -> None:
    """Resolve the requirements and write the lock."""
    arguments = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    platform = ["--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"]
    pinned = "\n".join([*wanted(), *CPU_BUILDS])
    # Files of this machine are no part of the lock.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("FIND_LINKS")}
    command = ["uv", "pip", "compile", "--quiet", *arguments, *platform, "-"]
    resolved = subprocess.run(command, input=pinned, env=environment, capture_output=True, text=True, check=False)
    if resolved.returncode:
        sys.exit(resolved.stderr)
    entries = [entry for entry in re.split(r"\n(?=\S)", resolved.stdout.strip()) if not GPU.match(entry)]
    entries = [_with_cpu_builds(entry) for entry in entries]
    LOCK.write_text(f"# Made by .ci/lock.py from {digest()}\n" + "\n".join(entries) + "\n", encoding="utf-8")


def _with_cpu_builds(entry: str) -> str:
    name = entry.split(maxsplit=1)[0]
    if name not in CPU_BUILDS:
        return entry
    own = [f"    --hash=sha256:{each}" for each in CPU_BUILDS[name]]
    others = [] if name.startswith("torch==") else [line.removesuffix(" \\") for line in entry.splitlines()[1:]]
    return " \\\n".join([name, *own, *others])


if __name__ == "__main__":
    main()
