"""Disks of a chosen size, in memory: full ones, read-only ones. Making them takes root and the right to mount."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = 4096


class SmallDisk:
    """A file system in memory; `fill` and `free` say how much still fits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mount("-t", "tmpfs", "-o", "size=64m", "tmpfs")

    def resize(self, size_bytes: int) -> None:
        self._mount("-o", f"remount,rw,size={size_bytes}", "tmpfs")

    def leave_pages(self, count: int) -> None:
        """Make the disk so small that `count` pages are free. A folder and a small file take a page each."""
        used = os.statvfs(self.path)
        taken = used.f_blocks - used.f_bfree
        if not taken + count:  # a size of 0 is no limit
            (self.path / "filler").write_bytes(bytes(PAGE))
            taken = 1
        self.resize((taken + count) * PAGE)

    def empty(self) -> None:
        """Make room, and let it be written again."""
        self.resize(64 * 2**20)
        (self.path / "filler").unlink(missing_ok=True)

    def protect(self) -> None:
        """Make the disk read-only."""
        self._mount("-o", "remount,ro", "tmpfs")

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def _mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.path)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """An empty disk; skipped, and told, where this user may not mount one."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        made = SmallDisk(path)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no disk of a chosen size: {error}; expected root and the right to mount")
    yield made
    made.close()
