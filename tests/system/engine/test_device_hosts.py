"""A run whose networks torch computes, on hosts that are processes: one fingerprint, and a word of the device in run.json."""

import json
from pathlib import Path

import pytest

import simnet
from simnet import cli, compute_device
from simnet.engine.recovery.journal import Beginning, Journal

OVERRIDES = ["duration=100ms", "streams.*.codec=factorized"]


def test_hosts_take_the_device_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compute_device.VARIABLE, compute_device.TORCH_CPU)
    prints = set()
    for hosts in (0, 1):
        folder = tmp_path / str(hosts)
        prints.add(simnet.run("stereo_pair", folder, overrides=OVERRIDES, hosts=hosts, page=False).fingerprint)
        manifest = json.loads((folder / "run.json").read_text())
        assert manifest["cpu"] == compute_device.described()
        assert "networks on its torch" in manifest["cpu"]
    assert len(prints) == 1


def test_run_is_resumed_on_its_device_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = simnet.load("stereo_pair", OVERRIDES)
    invocation = {"command": "", "overrides": [], "scenario_text": "", "device": "cuda"}
    Journal.create(tmp_path / "begun", Beginning(scenario, 0, invocation)).close()
    assert cli.main(["run", "--resume", str(tmp_path / "begun")]) != 0
    assert "begun with --device cuda; expected to go on with it, found cpu" in capsys.readouterr().err
