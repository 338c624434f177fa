"""The README's commands run as written, in order, in a fresh folder that holds a copy of the scenarios."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simnet import RunReport, scenario
from support.places import ROOT

README = (ROOT / "README.md").read_text()
INSTALLS = re.compile(r"^python -m pip install -e \S+ && ")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line; installing is left to CI, which does just that, and pytest to whoever runs this."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in (INSTALLS.sub("", each) for each in lines) if line != "pytest -n auto"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to type the commands in, with four pairs of a scene that moves."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    texture = np.kron(np.random.default_rng(4).integers(0, 255, (24, 48, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for side, shift in (("left", 0), ("right", 6)):
        (folder / "pairs" / side).mkdir(parents=True)
        for k in range(4):
            cut = np.ascontiguousarray(texture[:112, 4 * k + shift : 4 * k + shift + 224])
            Image.fromarray(cut).save(folder / "pairs" / side / f"{k}.png")
    write_checkpoint(folder / "ndic.pt")
    return folder


def write_checkpoint(file: Path) -> None:
    """An untrained NDIC of six filters, in its authors' format."""
    import torch

    from simnet.codec.published import entries, published_kinds

    torch.manual_seed(0)
    expected = entries.entries(published_kinds.find("ndic-bls17"), entries.Numbers(6, ()))
    state = {name: 0.1 * torch.randn(entry.shape) for name, entry in expected.items()}
    for name in state:
        if "gdn" in name:
            state[name] = 0.3 * torch.eye(6) if name.endswith("gamma") else torch.ones(6)
    torch.save({"model_state_dict": state}, file)


def test_both_installing_commands_are_there() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert "python -m pip install -e . && simnet run scenarios/vehicle_platoon.yaml" in lines
    assert "python -m pip install -e '.[test]' && pytest -n auto" in lines


@pytest.mark.parametrize("command", commands())
def test_the_command_runs_as_written(command: str, place: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PAIRS": str(place / "pairs"), "CHECKPOINT": str(place / "ndic.pt"), "PATH": path}
    environment["XDG_CACHE_HOME"] = str(place / "cache")
    done = subprocess.run(
        command, shell=True, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


FILE = re.compile(r"# (\w+/\w+\.py)\n")
"""The first line of a block that is a file."""


def _run(command: list[str], place: Path, **environment: str) -> str:
    environment = os.environ | {"XDG_CACHE_HOME": str(place / "cache")} | environment
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("text", [text for text in blocks("python") if not FILE.match(text)])
def test_the_python_in_it_runs_as_written(text: str, place: Path) -> None:
    (place / "example.py").write_text(text)
    assert _run([sys.executable, "example.py"], place)


def test_what_another_package_brings_works_as_written(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "my_cameras").mkdir(parents=True)
    for text in blocks("python"):
        if file := FILE.match(text):
            (site / file[1]).write_text(text)
            assert len(text.splitlines()) < 30
    (package,) = blocks("toml")
    project = tomllib.loads(package)["project"]
    about = site / f"my_cameras-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    entries = (
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in own.items()) for group, own in groups
    )
    (about / "entry_points.txt").write_text("\n".join(entries))
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    simnet = [sys.executable, "-m", "simnet"]
    listed = _run([*simnet, "ls"], tmp_path, PYTHONPATH=path)
    assert all(f"{each} (package my-cameras 1.0)" in listed for each in ("sparse", "stripes", "halving"))
    assert not _run([sys.executable, str(site / "my_cameras" / "check.py")], tmp_path, PYTHONPATH=path)
    (command,) = [line for block in blocks("bash") for line in block.splitlines() if "halving" in line]
    _run([*simnet, *shlex.split(command)[1:]], tmp_path, PYTHONPATH=path)
    assert set(RunReport(tmp_path / "runs" / "mine").streams["codec"]) == {"sparse"}


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_scenario_in_it_is_right(text: str, tmp_path: Path) -> None:
    file = tmp_path / "readme.yaml"
    file.write_text(text)
    assert scenario.load(str(file)).streams


def test_pictures_in_it_exist() -> None:
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / target).is_file(), target
