"""Functions that load a scenario and run it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from simnet import code_files, compute_device
from simnet import scenario as scenarios
from simnet.api import validation
from simnet.api.reports import RunReport
from simnet.errors import InputError
from simnet.output_files import fault
from simnet.records import SECOND_NS, Scenario


@validation.validated
def load(
    scenario: validation.ScenarioFile, overrides: validation.Overrides = (), *, allow_code: validation.Switch = False
) -> Scenario:
    """Return the resolved scenario of a file, or of a shipped scenario's name.

    Args:
        scenario: A YAML file, or a name that `simnet ls` lists.
        overrides: Changes in the form of `--set`: `["duration=1s"]` or `{"duration": "1s", "links.*.queue": "8 kB"}`;
            `*` stands for any key.
        allow_code: Whether the code of codecs that the scenario names by a file (`./mine.py:Codec`) may run.

    Raises:
        InputError: There is no such file and no such shipped scenario.
        ScenarioError: The file or an override is invalid; the message gives file, line, column, key, and the expected form.
    """
    with code_files.permission(given=allow_code):
        return scenarios.load(str(scenario), list(overrides))


@validation.validated
def run(
    scenario: validation.LoadedOrFile,
    out: validation.FolderOrNone = None,
    *,
    overrides: validation.Overrides = (),
    hosts: validation.Hosts = 0,
    page: validation.Switch = True,
    realtime: validation.Pace = None,
    live: validation.Address = None,
    exports: validation.Exports = (),
    progress: validation.RunProgress = None,
    allow_code: validation.Switch = False,
    device: validation.Device = None,
) -> RunReport:
    """Run a scenario, write its folder, and return its report.

    Args:
        scenario: A loaded scenario, a file, or a shipped scenario's name.
        out: The folder to write, new or empty; default: the first `runs/<scenario>-<number>` that does not exist.
        overrides: See `load`; not allowed with an already loaded scenario.
        hosts: 0 to run the nodes in threads of this process, else the number of processes for them; results are the same.
        page: Whether to write the page; without it, `RunReport.show` writes it later.
        realtime: Wall seconds per virtual second, to pace the clock; None runs as fast as possible.
        live: The endpoint that publishes telemetry for `simnet dashboard`, e.g. `tcp://127.0.0.1:5570`.
        exports: Additional formats to write into the folder, from `simnet.exports.KINDS`, e.g. `["mcap", "pcap"]`.
        progress: A function that is called with every virtual time in seconds at which cameras capture.
        allow_code: See `load`; it holds in this process and those that it starts while the run lasts.
        device: The device that learned codecs compute on, `cpu` or `cuda`; None: SIMNET_DEVICE of the environment, else `cpu`.

    Raises:
        SimnetError: The scenario, its world, its codecs, the folder or a host has a fault; the message is one line.
    """
    from simnet import engine
    from simnet.engine.run_options import Invocation, RunOptions

    with code_files.permission(given=allow_code), compute_device.using(device):
        texts = list(overrides)
        if isinstance(scenario, Scenario):
            if texts:
                raise InputError("overrides of a loaded scenario; expected them at simnet.load(name, overrides)")
            loaded, origin = (
                scenario,
                Invocation(scenario_text=scenarios.dump(scenario), device=compute_device.chosen()),
            )
        else:
            loaded = scenarios.load(str(scenario), texts)
            changes = f", overrides={texts!r}" if texts else ""
            written = Path(loaded.path).read_text(encoding="utf-8")
            origin = Invocation(f"simnet.run({str(scenario)!r}{changes})", texts, written, compute_device.chosen())
        folder, is_ours = (new_folder(loaded.name), True) if out is None else (Path(out), False)
        try:
            options = RunOptions(
                hosts=hosts,
                report=page,
                realtime=realtime,
                live=live,
                exports=tuple(exports),
                progress=(lambda _: None) if progress is None else lambda now_ns: progress(now_ns / SECOND_NS),
                invocation=origin,
            )
            result = engine.run(loaded, folder, options)
        except BaseException:
            if is_ours:
                with suppress(OSError):  # A folder with files is kept for inspection or for resuming the run.
                    folder.rmdir()
            raise
        return RunReport(result.folder)


def new_folder(name: str) -> Path:
    """Make the first `runs/<name>-<number>` that does not exist; two threads never get the same folder."""
    number = 1
    while True:
        folder = Path("runs") / f"{name}-{number}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise fault(f"{folder}: cannot be made", error) from error
        else:
            return folder
