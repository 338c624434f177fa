"""The command line, for people and for machines."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from simnet import cli
from support.waiting import wait_until

SCENARIO = """\
# Two cameras of a folder.
duration: 1 s
world: {kind: pictures, path: PICTURES}
nodes:
  car: {position: [0, 0], cameras: {a: {size: [64, 48], source: a}}}
  hub: {position: [5, 0], cameras: {b: {size: [64, 48], source: b}}}
links:
  up: {from: car, to: hub, bandwidth: 1 Mbit/s}
streams:
  car/a: {codec: jpeg, side_information: [hub/b]}
fusion: {at: hub}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    import cv2
    import numpy as np

    draw = np.random.default_rng(1)
    for name in "ab":
        (tmp_path / name).mkdir()
        for frame in range(10):
            cv2.imwrite(str(tmp_path / name / f"{frame}.png"), draw.integers(0, 255, (48, 64, 3), np.uint8))
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO.replace("PICTURES", str(tmp_path)))
    return file


def _simnet(*arguments: str, **options: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "simnet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    heavy = ["numpy", "cv2", "torch", "zmq", "simpy", "pyarrow", "plotly", "panda3d", "pydantic", "pint", "rich", "PIL"]
    code = f"""
import sys, time
began = time.process_time()
from simnet.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
assert time.process_time() - began < 0.5
assert not set({heavy!r}) & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "run a scenario" in done.stdout


def test_run_prints_json_last_and_loads_no_torch(scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"""
import sys
from simnet.cli import main
status = main(["run", {str(scenario)!r}, "--json", "--out", {str(out)!r}])
assert not {{"torch", "compressai", "torchvision"}} & set(sys.modules)
sys.exit(status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads(done.stdout.splitlines()[-1])
    assert 50 < summary["peak_rss_mb"] < 2000
    assert summary["streams"]["car/a"]["decoded"] == summary["frames"] == 10
    assert Path(summary["report"]).is_file()
    assert Path(summary["rows"]).is_file()
    about = json.loads((out / "run.json").read_text())
    assert about["command"] == f"simnet run {scenario} --json --out {out}"
    assert about["scenario_text"].startswith("# Two cameras")


def test_run_prints_a_table_and_makes_its_folder(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert cli.main(["run", str(scenario), "--set", "duration=0.5 s"]) == 0
        shown = capsys.readouterr().out
        assert "car/a" in shown
        assert f"runs/small-{number}/report.html" in shown
    assert cli.main(["report", "runs/small-1"]) == 0
    assert capsys.readouterr().out == "runs/small-1/report.html\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "nowhere.yaml"], "no scenario 'nowhere.yaml'"),
        (["run", "FILE", "--set", "fusion.at=moon"], "moon"),
        (["run", "FILE", "--set", "streams.*.codec=mpeg1"], "mpeg1"),
        (["run", "FILE", "--set", "world.path=/nowhere"], "/nowhere"),
        (["run", "FILE", "--out", "/dev/null"], "/dev/null: "),
        (["check"], "no scenario given"),
        (["runs"], "no command 'runs' (did you mean 'run'?); expected one of: run, sweep, "),
        ([], "required: COMMAND (simnet --help says more)"),
        (["broker", "FILE"], "required: --listen (simnet broker --help says more)"),
        (["ls", "--jsn\nx"], "simnet ls: no option --jsn x (did you mean '--json'?) (simnet ls --help lists them)"),
        (["run", "FILE", "--hosts", "-1"], "--hosts: '-1': expected a whole number from 0 to 256"),
        (
            ["run", "FILE", "--realtime", "1e-9"],
            "'1e-9': expected wall seconds a virtual second, from 0.000001 to 1000000",
        ),
        (["dashboard", "--connect", "x", "--port", "0"], "--port: '0': expected a port from 1 to 65535"),
        (["fusion", "FILE", "--connect", "x", "--wait", "0"], "'0': expected seconds, more than 0 and at most 86400"),
        (["report", "/nowhere"], "/nowhere"),
        (["broker", "FILE", "--listen", "here"], "'here' is no endpoint of a broker; expected tcp://ADDRESS:PORT"),
        (["broker", "FILE", "--listen", "tcp://127.0.0.1:*"], "expected --keys DIR"),
        (["broker", "FILE", "--listen", "tcp://127.0.0.1:*", "--keys", "/nowhere"], "/nowhere/broker.key_secret"),
        (["camera", "FILE", "--node", "car", "--connect", "tcp://127.0.0.1:*"], "no endpoint of a broker"),
        (["fusion", "FILE", "--connect", "tcp://127.0.0.1:5", "--keys", "x", "--insecure"], "with keys or without"),
        (
            ["camera", "FILE", "--node", "cat", "--connect", "ipc:///tmp/x"],
            "no node 'cat' (did you mean 'car'?); expected one",
        ),
        (["fusion", "FILE", "--node", "bus", "--connect", "ipc:///tmp/x"], "no node 'bus'; expected one of: car, hub"),
        (["camera", "nowhere.yaml", "--node", "car", "--connect", "ipc:///tmp/x"], "no scenario 'nowhere.yaml'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], complaint: str, scenario: Path, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    given = [str(scenario) if argument == "FILE" else argument for argument in arguments]
    if given[:1] == ["run"] and "--out" not in given:
        given += ["--out", str(tmp_path / "out")]
    assert cli.main(given) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("simnet: error: ")
    assert shown.err.count("\n") == 1
    assert complaint in shown.err


def test_check_prints_a_valid_scenario(scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["check", str(scenario), "--set", "seed=5"]) == 0
    again = tmp_path / "again.yaml"
    again.write_text(capsys.readouterr().out)
    assert cli.main(["check", str(again)]) == 0
    assert "seed: 5" in capsys.readouterr().out
    assert cli.main(["check", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]


def test_ls_lists_everything_shipped(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["ls", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "vehicle_platoon" in [scenario["name"] for scenario in found["scenarios"]]
    assert {"atn", "jpeg"} <= set(found["codecs"])
    named = {
        "rate_controls": "adaptive",
        "transports": "fec",
        "worlds": "rendered",
        "recipes": "atn",
        "metrics": "xpsnr",
    }
    assert all(name in found[key] for key, name in named.items())
    assert cli.main(["ls"]) == 0
    assert "vehicle_platoon" in capsys.readouterr().out


def test_host_processes_end_like_their_run(scenario: Path, tmp_path: Path) -> None:
    endpoint, out = f"ipc://{tmp_path}/run", tmp_path / "out"

    def start(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "simnet", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    fusion = start("fusion", str(scenario), "--connect", endpoint)
    camera = start("camera", str(scenario), "--node", "car", "--connect", endpoint)
    broker = _simnet("broker", str(scenario), "--listen", endpoint, "--out", str(out), "--json")
    assert (broker.returncode, broker.stderr) == (0, f"simnet: listening at {endpoint} for car, fusion\n")
    assert json.loads(broker.stdout.splitlines()[-1])["frames"] == 10
    for host in (fusion, camera):
        assert (*host.communicate(timeout=30), host.returncode) == ("", "", 0)
    late = _simnet("camera", str(scenario), "--node", "car", "--connect", endpoint, "--wait", "0.3")
    complaint = f"simnet: error: camera car: no welcome from the broker at {endpoint} for 0.3 s; expected it to be up\n"
    assert (late.returncode, late.stdout, late.stderr) == (1, "", complaint)


@pytest.mark.parametrize("hosts", ["0", "2"])
@pytest.mark.parametrize(
    ("number", "status", "line"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_signal_ends_with_one_line_and_its_status(
    scenario: Path, tmp_path: Path, hosts: str, number: int, status: int, line: str
) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "simnet",
        "run",
        str(scenario),
        "--out",
        str(out),
        "--answer-delay",
        "0.5",
        "--hosts",
        hosts,
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    log = out / "journal" / "answers.log"
    wait_until(lambda: log.exists() and b"answer" in log.read_bytes())
    os.killpg(process.pid, number)
    shown, complaint = process.communicate(timeout=30)
    assert (process.returncode, shown) == (status, "")
    assert complaint.splitlines()[-1] == f"simnet: {line}; go on with simnet run --resume {out}"


def test_closed_output_pipe_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "simnet", "check", "--schema"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.stderr == b""


def test_swallowed_interrupt_still_ends_the_run(
    scenario: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captured = []

    def swallow(_: object, stream: str, sequence: int, now_ns: int) -> None:
        captured.append((stream, sequence, now_ns))
        if len(captured) == 1:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("simnet.engine.results.ledger.Ledger.captured", swallow)
    out = str(tmp_path / "run")
    assert cli.main(["run", str(scenario), "--out", out]) == 130
    assert len(captured) == 1
    assert capsys.readouterr().err == f"simnet: interrupted; go on with simnet run --resume {out}\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
