"""`simnet run`: run a scenario and write a folder with rows and a report."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.commands import argument_types, code_options, device_options
from simnet.errors import InputError
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from simnet.engine.recovery.journal import Beginning
    from simnet.engine.run_options import RunOptions
    from simnet.records import Scenario

PAGE_BYTES = 2_000_000
"""About the size of a run's page."""
HELP = "run a scenario: write rows and a report, print a table of its streams"
EXAMPLE = "simnet run vehicle_platoon --set duration=3s"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    configure_run(parser)
    parser.add_argument(
        "--hosts",
        type=argument_types.processes,
        metavar="N",
        help="run the nodes in N processes; default: 0, threads of this one",
    )
    parser.add_argument(
        "--restarts",
        type=argument_types.processes,
        metavar="N",
        help="restart each process of --hosts up to N times if it dies; the results do not change. Default: 5",
    )
    parser.add_argument(
        "--answer-delay",
        type=argument_types.pause,
        default=0.0,
        metavar="SECONDS",
        help="delay each answer of a node by a random time up to this; the results do not change",
    )


def configure_run(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that `lead` needs, of `simnet run` and `simnet broker`."""
    parser.add_argument("scenario", nargs="?", help="a scenario file, or the name of a shipped scenario")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write; default: runs/<scenario>-<number>")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object on the last line")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value, e.g. seed=3")
    parser.add_argument(
        "--no-report",
        dest="report",
        action="store_false",
        help="write rows only; `simnet report` makes the page later (it takes long with hundreds of cameras)",
    )
    parser.add_argument(
        "--export",
        metavar="KIND,...",
        help="also write the run in other formats: mcap, mp4, pcap, csv, prometheus; rows.parquet is always written",
    )
    parser.add_argument(
        "--live", metavar="ENDPOINT", help="publish telemetry for simnet dashboard, e.g. tcp://127.0.0.1:5570"
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="resume the run in DIR after an interruption or a kill; the results are the same",
    )
    parser.add_argument(
        "--realtime",
        type=argument_types.pace,
        nargs="?",
        const=1.0,
        metavar="FACTOR",
        help="pace the run by the wall clock, FACTOR wall seconds a virtual second (1 if left out); says first whether this "
        "machine holds the pace, by a rehearsal of the first instants, and counts missed deadlines",
    )
    parser.add_argument(
        "--node-timeout",
        type=argument_types.time_limit,
        metavar="SECONDS",
        help="longest wait for a lost host; default: the scenario's node_timeout",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the scenario."""
    from simnet.engine.run_options import RESTARTS

    restarts = RESTARTS if arguments.restarts is None else arguments.restarts
    return lead(arguments, arguments.hosts, restarts=restarts, answer_delay_s=arguments.answer_delay)


def lead(arguments: argparse.Namespace, hosts: int | None, **more: Any) -> int:
    """Run the scenario on so many hosts (None: 0, or as it began), with these `RunOptions`; print what it came to."""
    from simnet import console, engine, exports, progress
    from simnet.engine.recovery.journal import COME_BY_THEMSELVES, FOLDER, has_journal
    from simnet.engine.results.scorer import kept_bytes
    from simnet.runfolder.folder_names import PICTURES

    kinds = () if arguments.export is None else exports.parse(arguments.export)
    loaded, out, options = _resumed(arguments, hosts) if arguments.resume else _begun(arguments, hosts)
    if arguments.node_timeout is not None:
        patience = replace(loaded.node_loss, wait_ns=round(arguments.node_timeout * 1e9))
        loaded = replace(loaded, node_loss=patience)
    if arguments.realtime is not None and not arguments.resume and hosts != COME_BY_THEMSELVES:
        _rehearse(loaded, hosts or 0, arguments)
    work = progress.Work(
        loaded.name,
        loaded.duration_ns,
        "s",
        1e-9,
        folder=out,
        extra_bytes=PAGE_BYTES * arguments.report + kept_bytes(loaded),
        apart=(PICTURES, FOLDER),
    )
    arguments.go_on = partial(_how_to_go_on, arguments, out, is_own=bool(arguments.resume) or not has_journal(out))
    with progress.shown(work, quiet=arguments.json) as show:
        options = replace(
            options,
            progress=show,
            cancel=arguments.cancel,
            began_s=arguments.began,
            live=arguments.live,
            report=arguments.report,
            realtime=arguments.realtime,
            exports=kinds,
            **more,
        )
        result = engine.run(loaded, out, options)
    if arguments.json:
        sys.stdout.write(json.dumps(result.summary) + "\n")
    else:
        console.show_summary(result.summary, _note(result.summary, loaded, out))
    return 0


def _note(summary: Mapping[str, Any], loaded: Scenario, out: Path) -> str:
    """Return which frames have scores, unless all have, and why most frames were late or lost, if they were."""
    stride = loaded.score_every
    scored = f"PSNR, MS-SSIM and gain are of one frame in {stride} (score: every {stride})." if stride > 1 else ""
    return "\n".join(filter(None, (scored, _missed(summary, loaded, out))))


def _missed(summary: Mapping[str, Any], loaded: Scenario, out: Path) -> str:
    from simnet.report import missed_frames

    if not missed_frames.has_many(summary["streams"]):
        return ""
    from simnet.records.link_bin import LinkBin
    from simnet.runfolder import folder_names, record_tables

    bins = record_tables.read_records(out / folder_names.LINKS, LinkBin)
    return missed_frames.reason(summary["streams"], loaded, bins)


def _rehearse(loaded: Scenario, hosts: int, arguments: argparse.Namespace) -> None:
    """Say whether this machine will hold the pace."""
    from simnet.engine import preflight, rehearsal

    preflight.ready(loaded)
    work_s = rehearsal.rehearse(loaded, hosts, arguments.cancel)
    if work_s is not None and not arguments.json:
        sys.stderr.write(f"simnet: {printable(loaded.name)}: {rehearsal.verdict(work_s, arguments.realtime)}\n")


def _how_to_go_on(arguments: argparse.Namespace, out: Path, *, is_own: bool) -> str:
    """Return the command that goes on with an interrupted run, or an empty text if nothing is kept of it."""
    from simnet.engine.recovery.journal import has_journal

    if not is_own or not has_journal(out):
        return ""
    if arguments.command == "broker":
        return f"go on with simnet broker --resume {shlex.quote(str(out))} and the options as before"
    more = f" --device {arguments.device}" if arguments.device else ""
    return f"go on with simnet run --resume {shlex.quote(str(out))}{more}"


def _begun(arguments: argparse.Namespace, hosts: int | None) -> tuple[Scenario, Path, RunOptions]:
    """Return the scenario, the folder and the options of a new run."""
    from simnet import compute_device, scenario
    from simnet.engine.run_options import Invocation, RunOptions

    if arguments.scenario is None:
        raise InputError("no scenario given; expected a file, the name of a shipped scenario, or --resume DIR")
    loaded = scenario.load(arguments.scenario, arguments.set)
    text = Path(loaded.path).read_text(encoding="utf-8") if loaded.path else ""
    command = shlex.join(["simnet", *arguments.typed])
    invocation = Invocation(command, arguments.set, text, compute_device.chosen())
    out = arguments.out or _free_folder(loaded.name)
    return loaded, out, RunOptions(hosts=hosts or 0, invocation=invocation)


def _resumed(arguments: argparse.Namespace, hosts: int | None) -> tuple[Scenario, Path, RunOptions]:
    """Return the scenario, the folder and the options of a run that goes on, all from its folder."""
    from simnet import scenario
    from simnet.engine.recovery.journal import Journal
    from simnet.engine.run_options import Invocation, RunOptions

    folder = arguments.resume
    if arguments.out is not None or (arguments.set and arguments.scenario is None):
        raise InputError("--resume continues a run as it is in its folder; expected neither --out nor --set with it")
    given = None if arguments.scenario is None else scenario.load(arguments.scenario, arguments.set)
    journal, beginning = Journal.resume(folder)
    try:
        _check_sameness(arguments, given, hosts, beginning)
        _check_scenario(folder, beginning)
    except InputError:
        journal.close()
        raise
    invocation = Invocation(**beginning.invocation)
    return beginning.scenario, folder, RunOptions(hosts=beginning.hosts, journal=journal, invocation=invocation)


def _check_scenario(folder: Path, beginning: Beginning) -> None:
    from simnet import scenario
    from simnet.engine.recovery.journal import FOLDER, LOG

    try:
        scenario.check(beginning.scenario)
    except InputError as error:
        raise InputError(f"{folder / FOLDER / LOG}: record 1: a scenario that cannot be run: {error}") from error


def _check_sameness(
    arguments: argparse.Namespace, given: Scenario | None, hosts: int | None, beginning: Beginning
) -> None:
    """Raise InputError if the arguments beside --resume differ from those of the run."""
    from simnet import compute_device
    from simnet.engine.recovery.journal import COME_BY_THEMSELVES

    folder, own = arguments.resume, beginning.scenario
    if given is not None and replace(given, node_loss=own.node_loss) != own:
        raise InputError(
            f"{folder}: a run of another scenario than {arguments.scenario} as given; expected {own.name} as that run began "
            "with it, or no scenario"
        )
    if hosts not in {None, beginning.hosts} or (hosts is None and beginning.hosts == COME_BY_THEMSELVES):
        raise InputError(f"{folder}: {beginning.began_with}; expected to go on in the same way")
    began, device = beginning.invocation.get("device", compute_device.CPU), compute_device.chosen()
    if began != device:
        raise InputError(f"{folder}: begun with --device {began}; expected to go on with it, found {device}")


def _free_folder(name: str) -> Path:
    number = 1
    while (folder := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return folder
