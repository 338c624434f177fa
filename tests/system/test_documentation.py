"""Commands and snippets of the README and of docs run as written, in order, in a folder with a copy of the scenarios."""

import argparse
import importlib.util
import json
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from PIL import Image

from simnet import RunReport, commands, scenario
from simnet.wire.protocol.message_types import MESSAGE_TYPES
from support import cooperative_drives
from support.documentation import Block, blocks, pages
from support.places import ROOT
from support.warm_python import warm_python

INSTALLS = re.compile(r"^python -m pip install -e \S+ && ")
FILE = re.compile(r"# (\w+/\w+\.py)\n")
"""The first line of a block that is a file."""
FOLDERS = re.compile(r"`((?:simnet|tests|scenarios|models|examples|docs)/[\w./*{},-]+)`")
"""A path of the repository, as pages write it."""
ARGUMENTS = {
    "against_video.py": ["pairs", "--whole"],
    "binning.py": ["pairs", "--frames", "1", "--qualities", "0.6"],
    "rfc8867.py": ["5.1", "--seconds", "3"],
}
"""What examples are told that need more than their name."""


def typed() -> list[object]:
    """Every command line; installing is left to CI, which does just that, and pytest to whoever runs this."""
    lines = [(block.page, line) for block in blocks("sh") if not block.mark for line in block.lines]
    kept = [(page, INSTALLS.sub("", line)) for page, line in lines]
    return [pytest.param(line, id=f"{page}: {line[:60]}") for page, line in kept if line != "pytest -n auto"]


def runnable(language: str) -> list[object]:
    """The blocks of a language that stand for themselves."""
    found = [block for block in blocks(language) if not block.mark and not FILE.match(block.text)]
    return [pytest.param(block.text, id=f"{block.page} {number}") for number, block in enumerate(found)]


def marked() -> list[Block]:
    """The blocks that say why they are not run."""
    return [block for block in blocks("sh") if block.mark]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to type the commands in, with two pairs of a scene that moves.

    The platoon of the README's first command drives for half a second in it; `test_expectations` lets it drive as it is shipped.
    """
    folder = tmp_path_factory.mktemp("documentation")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    platoon = folder / "scenarios" / "vehicle_platoon.yaml"
    whole = platoon.read_text()
    platoon.write_text(whole.replace("\nduration: 10 s\n", "\nduration: 500 ms\n"))
    assert platoon.read_text() != whole
    texture = np.kron(np.random.default_rng(4).integers(0, 255, (24, 48, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for side, shift in (("left", 0), ("right", 6)):
        (folder / "pairs" / side).mkdir(parents=True)
        for k in range(2):
            cut = np.ascontiguousarray(texture[:112, 4 * k + shift : 4 * k + shift + 224])
            Image.fromarray(cut).save(folder / "pairs" / side / f"{k}.png")
    write_checkpoint(folder / "ndic.pt")
    cooperative_drives.opv2v(folder / "opv2v")
    for block in blocks("python", ROOT / "docs" / "howto" / "own_codec.md"):
        if file := FILE.match(block.text):
            (folder / file[1]).parent.mkdir(exist_ok=True)
            (folder / file[1]).write_text(block.text)
    return folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """PATH with a `simnet` and a `python` in front that need no time for imports."""
    with warm_python(tmp_path_factory.mktemp("warm") / "bin") as warm:
        yield os.pathsep.join([str(warm), str(Path(sys.executable).parent), os.environ["PATH"]])


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
    lines = [line for block in blocks("sh", ROOT / "README.md") for line in block.lines]
    assert "python -m pip install -e . && simnet run scenarios/vehicle_platoon.yaml" in lines
    assert "python -m pip install -e '.[test]' && pytest -n auto" in lines


def test_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


@pytest.mark.parametrize("command", typed())
def test_command_runs_as_written(command: str, place: Path, path: str) -> None:
    environment = os.environ | {"PAIRS": str(place / "pairs"), "CHECKPOINT": str(place / "ndic.pt"), "PATH": path}
    environment["OPV2V"] = str(place / "opv2v")
    environment["XDG_CACHE_HOME"] = str(place / "cache")
    done = subprocess.run(
        command, shell=True, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("block", marked(), ids=lambda block: f"{block.page}: {block.lines[0][:50]}")
def test_command_that_is_not_run_parses(block: Block) -> None:
    assert block.mark == "no-run"
    for line in block.lines:
        subprocess.run(["bash", "-n", "-c", line], check=True)
        for call in simnet_calls(line):
            parse(call)


def test_commands_for_several_machines_parse() -> None:
    lines = [
        line for block in blocks("text") for line in block.lines if re.match(r"(broker|machine \d) +simnet ", line)
    ]
    assert len(lines) == 5
    for line in lines:
        parse(line[line.index("simnet ") :])


def simnet_calls(line: str) -> list[str]:
    """The calls of simnet in a line of shell."""
    return [each.strip() for each in re.split(r"&&|&|;", line) if re.match(r"\s*(\S+=\S+ )*simnet ", each)]


def parse(call: str) -> None:
    """Parse one call of simnet as the command line does; a wrong option ends the process."""
    words = shlex.split(call)
    name, *arguments = words[words.index("simnet") + 1 :]
    parser = argparse.ArgumentParser(exit_on_error=False)
    commands.find(name).configure(parser)
    parser.parse_args(arguments)


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Run a command that must say nothing on standard error; return what it printed."""
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")} | environment
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("text", runnable("python"))
def test_python_runs_as_written(text: str, place: Path, path: str) -> None:
    (place / "example.py").write_text(text)
    assert run(["python", "example.py"], place, PATH=path)


def test_package_of_plugins_works_as_written(tmp_path: Path) -> None:
    page = ROOT / "docs" / "howto" / "plugins.md"
    site = tmp_path / "site"
    (site / "my_cameras").mkdir(parents=True)
    for block in blocks("python", page):
        if file := FILE.match(block.text):
            (site / file[1]).write_text(block.text)
            assert len(block.text.splitlines()) < 30
    (package,) = blocks("toml", page)
    project = tomllib.loads(package.text)["project"]
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
    listed = run([*simnet, "ls"], tmp_path, PYTHONPATH=path)
    assert all(f"{each} (package my-cameras 1.0)" in listed for each in ("sparse", "stripes", "halving"))
    assert not run([sys.executable, str(site / "my_cameras" / "check.py")], tmp_path, PYTHONPATH=path)
    (command,) = [line for block in blocks("sh", page) for line in block.lines if "halving" in line]
    run([*simnet, *shlex.split(command)[1:]], tmp_path, PYTHONPATH=path)
    assert set(RunReport(tmp_path / "runs" / "mine").streams["codec"]) == {"sparse"}


@pytest.mark.parametrize("text", runnable("yaml"))
def test_scenario_loads(text: str, tmp_path: Path) -> None:
    file = tmp_path / "page.yaml"
    file.write_text(text)
    assert scenario.load(str(file)).streams


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if block.mark], ids=lambda block: block.page)
def test_part_of_a_scenario_fits_the_schema(block: Block) -> None:
    assert block.mark == "part"
    whole = {"required", "anyOf", "if", "then", "else"}  # what a whole scenario needs
    schema = {key: value for key, value in scenario.schema_json().items() if key not in whole}
    jsonschema.validate(yaml.safe_load(block.text), schema)


def test_pictures_and_pages_that_links_name_exist() -> None:
    generated = {"scenarios.md", "models.md", "contributing.md", "changelog.md", "security.md"}
    generated |= {"scenario.md", "commands.md"}
    for page in pages():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            is_shipped = (ROOT / "scenarios" / "gallery" / Path(target).name).is_file() and "images/" in target
            if not target.startswith("http") and Path(target).name not in generated and not is_shipped:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_paths_that_pages_name_exist() -> None:
    for page in [*pages(), ROOT / "SECURITY.md"]:
        for path in FOLDERS.findall(page.read_text(encoding="utf-8")):
            assert list(ROOT.glob(path.rstrip("/"))), f"{page.name}: {path}"


@pytest.mark.parametrize("page", pages()[1:-1], ids=lambda page: page.name)
def test_names_that_tables_are_made_of_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module, name in re.findall(r"^<!-- fields of ([\w.]+):(\w+) -->$", text, re.MULTILINE):
        assert hasattr(importlib.import_module(module), name)
    for whole in re.findall(r"^::: ([\w.]+)$", text, re.MULTILINE):
        assert importlib.util.find_spec(whole.rpartition(".")[0])
        assert pkgutil.resolve_name(whole)


def test_every_kind_of_message_is_specified() -> None:
    page = (ROOT / "docs" / "reference" / "wire.md").read_text(encoding="utf-8")
    page = page.partition("## Kinds")[2].partition("## A host")[0]
    rows = {row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `")}
    for name, kind in MESSAGE_TYPES.items():
        assert re.findall(r"`(\w+)`: ", rows[name]) == list(kind.body.__struct_fields__), name
        assert {int(each) for each in re.findall(r"\d+", rows[name].split("|")[4])} == set(kind.payloads), name


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda script: script.name)
def test_example_runs(script: Path, place: Path, path: str) -> None:
    assert run(["python", str(script), *ARGUMENTS.get(script.name, [])], place, PATH=path)


@pytest.mark.parametrize("notebook", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda each: each.name)
def test_notebook_runs(notebook: Path, place: Path, path: str) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell.get("outputs") for cell in cells)  # committed without what it printed
    (place / "notebook.py").write_text("\n\n".join(code))
    assert run(["python", "notebook.py"], place, PATH=path)
