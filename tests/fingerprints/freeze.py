"""A table of what runs come to, made through the command line alone, to compare one commit with another on the same machine.

    python tests/fingerprints/freeze.py --tree OLD --out old.json
    python tests/fingerprints/freeze.py --out new.json --compare old.json

`expected.json` holds the runs that are alike on every machine: `--only exact --compare tests/fingerprints/expected.json`.
What is said of a run is in `driving.told`, which runs there are in `cases`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

from cases import EXACT, SHIPPED, Case, every
from driving import Drive, RunError

HERE = Path(__file__).parent
EXACT_KEYS = ("fingerprint", "rows", "links", "outcomes", "bytes")
"""What is the same on every machine in runs of an exact kind."""
ALIKE = ("fingerprint", "rows", "links", "outcomes", "bytes", "scores")
"""What a run has in common with the one that it must equal."""

Table = dict[str, dict[str, object]]


def main() -> int:
    """Make a table, write it, compare it."""
    asked, cases = _asked()
    if asked.list:
        for case in cases:
            print(case.name, case.kind, case.way, case.scenario, *case.settings, sep="  ")
        return 0
    table, faults = make(cases, asked.tree.resolve(), asked.jobs)
    if not asked.only:
        faults += check_shipped(asked.tree.resolve())
    if asked.exact:
        table = {name: {key: line[key] for key in EXACT_KEYS if key in line} for name, line in table.items()}
    if asked.out:
        there = asked.only and asked.out.exists()
        kept = json.loads(asked.out.read_text(encoding="utf-8"))["runs"] if there else {}
        whole = {"about": _about(asked.tree), "runs": dict(sorted((kept | table).items()))}
        asked.out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    if asked.compare:
        faults += compare(table, json.loads(asked.compare.read_text(encoding="utf-8"))["runs"])
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(table)} runs, {len(faults)} differences")
    return 1 if faults else 0


def _asked() -> tuple[argparse.Namespace, list[Case]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only",
        action="append",
        metavar="WHICH",
        help="a kind (drawn, recorded, jpeg, still, video, learned), exact, quick, or a pattern of names such as "
        "'*/hosts*'; may be repeated",
    )
    parser.add_argument("--tree", type=Path, default=HERE.parents[1], metavar="DIR", help="the checkout to run")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the table to write; with --only, what else is in it stays"
    )
    parser.add_argument("--exact", action="store_true", help="write what is alike on every machine alone")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="an older table: status 1 where this one differs")
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N", help="so many runs at a time")
    parser.add_argument("--list", action="store_true", help="name the cases and run none")
    asked = parser.parse_args()
    cases = [case for case in every() if _is_wanted(case, asked.only or ["*"])]
    if not cases:
        parser.error("--only: no such case")
    return asked, cases


def make(cases: list[Case], tree: Path, jobs: int) -> tuple[Table, list[str]]:
    """Return the table, and what is wrong with it by itself."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="freeze-") as folder, ThreadPoolExecutor(jobs) as pool:

        def lead(numbered: tuple[int, Case]) -> dict[str, object]:
            number, case = numbered
            began = time.monotonic()
            try:
                line = Drive(case, tree, Path(folder) / str(number)).result()
            except RunError as failed:
                line = {"failed": str(failed)}
            sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {case.name}  {str(line)[:110]}\n")
            return line

        lines = list(pool.map(lead, enumerate(cases)))
    table = dict(zip((case.name for case in cases), lines, strict=True))
    faults += [f"{name}: {line['failed']}" for name, line in table.items() if "failed" in line]
    for case in cases:
        line, other = table[case.name], table.get(case.same_as)
        if other and "failed" not in {*line, *other}:
            faults += _differences(case.name, line, other, ALIKE, f"{case.same_as} in this table")
    return table, faults


def compare(table: Table, other: Table) -> list[str]:
    """Return a line for each difference between what both tables say of the runs of the first."""
    faults = []
    for name, line in table.items():
        if name not in other:
            faults.append(f"{name}: not in the other table")
        else:
            keys = [key for key in line if key in other[name]]
            faults += _differences(name, line, other[name], keys or ["fingerprint"], "the other table")
    return faults


def _differences(name: str, line: dict, other: dict, keys: object, where: str) -> list[str]:
    return [
        f"{name}: {key} {_short(line.get(key))}, {_short(other.get(key))} in {where}"
        for key in keys
        if line.get(key) != other.get(key)
    ]


def _short(value: object) -> str:
    return str(value)[:12] if isinstance(value, str) else str(value)


def _is_wanted(case: Case, only: list[str]) -> bool:
    names = {case.kind, *(["exact"] if case.kind in EXACT else []), *(["quick"] if case.quick else [])}
    return any(which in names or fnmatchcase(case.name, which) for which in only)


def _about(tree: Path) -> dict[str, object]:
    """Return which commit and which machine; what a comparison passes over."""
    described = subprocess.run(
        ["git", "-C", str(tree), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "commit": described.stdout.strip(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }


def check_shipped(tree: Path) -> list[str]:
    """Return which scenarios of a checkout no case shows."""
    listed = subprocess.run(
        [sys.executable, "-m", "simnet", "ls", "--json"],
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    names = {each["name"] for each in json.loads(listed.stdout.splitlines()[-1])["scenarios"]}
    return [f"{name}: shipped and not in the table" for name in sorted(names - set(SHIPPED))]


if __name__ == "__main__":
    sys.exit(main())
