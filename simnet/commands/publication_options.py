"""Options of commands that write figures and tables for a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.report.publication.publication_kinds import FileKinds


def configure(parser: argparse.ArgumentParser, where: str) -> None:
    """Declare the options; `where` names the folder that the files go into."""
    parser.add_argument(
        "--figures", metavar="KIND,...", help=f"also write figures for a paper as svg, pdf, png into {where}/figures"
    )
    parser.add_argument(
        "--tables", metavar="KIND,...", help=f"also write tables for a paper as latex, csv into {where}/tables"
    )


def kinds(arguments: argparse.Namespace) -> FileKinds:
    """Return the kinds of files that were asked for; InputError if one is unknown."""
    from simnet.report.publication import publication_kinds

    return publication_kinds.parse(arguments.figures, arguments.tables)


def write(folders: Sequence[Path], out: Path, asked: FileKinds, *, quiet: bool = False) -> list[Path]:
    """Write the figures and tables about folders into `out`, and return the folders that they are in."""
    if not asked:
        return []
    from simnet import progress
    from simnet.report.publication import collected, publication_files

    with progress.shown(progress.Work("figures", 0), quiet=quiet) as tell:
        return folders_of(publication_files.write(collected.collect(folders), out, asked, tell))


def folders_of(files: Sequence[Path]) -> list[Path]:
    """Return the folders of files, each once."""
    return list(dict.fromkeys(file.parent for file in files))
