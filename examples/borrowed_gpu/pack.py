"""Pack what a training on a borrowed machine needs: pictures, networks, and weights to start from.

    python pack.py OUT --pairs DRIVE ... --photos FOLDER ... [--start CHECKPOINT] [--most-mib 56]

OUT can be copied to a machine that has Python, torch, numpy and OpenCV, and nothing else; there, `python OUT/train.py` runs.
A DRIVE has `left/` and `right/`; a FOLDER has single pictures. If all is more than `--most-mib`, each source gives every
second, third, ... of its pictures, so that the pack stays below it. Weights take about 15 MiB of it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import simnet

NETWORKS = ("lowres_layout", "lowres_parts", "lowres_networks", "fuse_networks", "renderer_fusion", "alignment")
"""Modules of simnet.codec.learned that training uses; they import torch, numpy, OpenCV and each other."""
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".ppm"}
MIB = 1 << 20


def pictures(folder: Path) -> list[Path]:
    """Picture files of a folder in order of their names."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)


def sources(pairs: list[Path], photos: list[Path]) -> dict[str, list[tuple[Path, ...]]]:
    """Files by the folder that they get in the pack; those of a pair stay together."""
    found: dict[str, list[tuple[Path, ...]]] = {}
    for drive in pairs:
        left, right = pictures(drive / "left"), pictures(drive / "right")
        if not left or [p.name for p in left] != [p.name for p in right]:
            sys.exit(f"{drive}: expected left/ and right/ with pictures of the same names")
        found[f"pairs/{drive.name}"] = list(zip(left, right, strict=True))
    for folder in photos:
        found[f"photos/{folder.name}"] = [(file,) for file in pictures(folder)]
    if len(found) < len(pairs) + len(photos):
        sys.exit("two folders have the same name; expected different ones")
    if empty := [name for name, files in found.items() if not files]:
        sys.exit(f"{empty[0]}: no pictures; expected {', '.join(sorted(PICTURES))}")
    return found


def size(groups: dict[str, list[tuple[Path, ...]]], step: int) -> int:
    """Bytes of every `step`-th entry of each group."""
    return sum(file.stat().st_size for files in groups.values() for each in files[::step] for file in each)


def copy_pictures(groups: dict[str, list[tuple[Path, ...]]], out: Path, most: int) -> None:
    """Copy as many pictures as fit into `most` bytes."""
    step = next((step for step in range(1, 1000) if size(groups, step) <= most), None)
    if step is None:
        sys.exit(
            f"no picture of each source fits into {most / MIB:.0f} MiB; expected smaller ones, or a larger --most-mib"
        )
    for name, files in groups.items():
        for each in files[::step]:
            for side, file in zip(("left", "right") if len(each) > 1 else ("",), each, strict=True):
                target = out / "pictures" / name / side / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
        print(f"{name}: {len(files[::step])} of {len(files)}")


def copy_code(out: Path) -> None:
    """Copy the scripts and the networks; packages get empty `__init__` files, so that nothing else of simnet is needed."""
    here, package = Path(__file__).parent, Path(simnet.__file__).parent
    for script in ("train.py", "drawing.py", "pools.py", "flat_muon.py"):
        shutil.copy(here / script, out / script)
    learned = out / "simnet" / "codec" / "learned"
    learned.mkdir(parents=True, exist_ok=True)
    for folder in (learned, learned.parent, learned.parent.parent):
        (folder / "__init__.py").write_text("")
    for module in NETWORKS:
        shutil.copy(package / "codec" / "learned" / f"{module}.py", learned / f"{module}.py")


def main() -> None:
    """Write the pack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=Path, nargs="+", required=True)
    parser.add_argument("--photos", type=Path, nargs="*", default=[])
    parser.add_argument("--start", type=Path, help="checkpoint that unpack.py wrote")
    parser.add_argument("--most-mib", type=float, default=56.0)
    a = parser.parse_args()
    if a.out.exists() and any(a.out.iterdir()):
        sys.exit(f"{a.out}: not empty; expected a new folder")
    a.out.mkdir(parents=True, exist_ok=True)
    copy_code(a.out)
    if a.start:
        import torch  # slow, and needed here alone

        state = torch.load(a.start, map_location="cpu", weights_only=True)
        torch.save(
            {name: value.half() if value.is_floating_point() else value for name, value in state.items()},
            a.out / "start.pt",
        )
    used = sum(file.stat().st_size for file in a.out.rglob("*") if file.is_file())
    copy_pictures(sources(a.pairs, a.photos), a.out, int(a.most_mib * MIB) - used)
    total = sum(file.stat().st_size for file in a.out.rglob("*") if file.is_file())
    print(f"{a.out}: {total / MIB:.1f} MiB; there: python train.py --seconds 540")


if __name__ == "__main__":
    main()
