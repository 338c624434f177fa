"""What the containers are made of is pinned, and each container gets its own keys alone."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from support.places import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
ENTRIES = re.split(r"\n(?=\S)", LOCK.strip())[1:]


def _lock_script():
    spec = importlib.util.spec_from_file_location("lock", ROOT / ".ci" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_lock_is_not_older_than_the_dependencies() -> None:
    script = _lock_script()
    assert LOCK.splitlines()[0] == f"# Made by .ci/lock.py from {script.digest()}", "run python .ci/lock.py"
    versions = dict(entry.split()[0].split("==") for entry in ENTRIES)
    assert not {"torch", "compressai", "onnx"} & {*versions}, "no run imports them"
    for text in script.wanted():
        wanted = Requirement(text)
        assert wanted.specifier.contains(versions[wanted.name.lower()]), text


def test_lock_has_versions_and_hashes_and_nothing_else() -> None:
    for entry in ENTRIES:
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[\w.!+]+( \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry[:80]
    assert not re.search("://|index|find-links|nvidia|triton", LOCK)


def test_image_is_built_of_pinned_parts() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    pins = [line for line in lines if line.startswith("ARG PYTHON_IMAGE=")]
    assert len(pins) == 1
    assert re.fullmatch(r"ARG PYTHON_IMAGE=python:3\.11-slim@sha256:[0-9a-f]{64}", pins[0])
    assert [line for line in lines if line.startswith("FROM")] == [
        "FROM ${PYTHON_IMAGE} AS build",
        "FROM ${PYTHON_IMAGE}",
    ]
    installs = [line for line in lines if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)
    assert installs


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.drones.yml"])
def test_container_mounts_its_own_keys_alone(name: str) -> None:
    services = yaml.safe_load((ROOT / name).read_text())["services"]
    main = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service, own in services.items():
        inherits = "volumes" not in own and "extends" in own
        assert not inherits or own["extends"]["service"] == service
        keys = [volume for volume in (main[service] if inherits else own).get("volumes", []) if "/keys" in volume]
        if service == "keys":
            assert all(re.fullmatch(r"(\w+)_keys:/keys/\1", volume) for volume in keys)
        elif service not in {"folder", "dashboard"}:
            assert keys == [f"{service}_keys:/keys:ro"]
        else:
            assert not keys


def test_keys_apart_have_what_a_machine_needs(tmp_path: Path) -> None:
    from simnet.wire.security import keys

    assert keys.make_apart(tmp_path, ["a", "m=x,y"]) == {"broker": True, "a": True, "m": True}
    files = {folder.name: sorted(file.name for file in folder.iterdir()) for folder in tmp_path.iterdir()}
    assert files == {
        "broker": ["a.key", "broker.key", "broker.key_secret", "m.key"],
        "a": ["a.key", "a.key_secret", "broker.key"],
        "m": ["broker.key", "m.key", "m.key_secret"],
    }
    assert keys.BrokerKeys.load(tmp_path / "broker").nodes == {"a": ("a",), "m": ("x", "y")}
    assert keys.HostKeys.load(tmp_path / "m", None).name == "m"
    before = {file: file.read_bytes() for file in tmp_path.rglob("*key*") if file.is_file()}
    assert keys.make_apart(tmp_path, ["a", "m", "n"]) == {"broker": False, "a": False, "m": False, "n": True}
    assert all(file.read_bytes() == content for file, content in before.items())
