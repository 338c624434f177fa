"""Misuse of the Python API raises one line that states what was expected, and writes nothing."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simnet
from simnet import sweeps
from simnet.errors import InputError
from simnet.sweeps.grid import MOST_POINTS, Grid


def _run(**asked: Any) -> Callable[[], object]:
    return lambda: simnet.run("stereo_pair", **asked)


def _sweep(**asked: Any) -> Callable[[], object]:
    return lambda: simnet.sweep("stereo_pair", **{"out": "sweep", **asked})


def _named(misuse: dict[str, Callable[[], object]]) -> list[Any]:
    return [pytest.param(call, what, id=what) for what, call in misuse.items()]


MISUSE = _named(
    {
        "overrides 3:": lambda: simnet.load("stereo_pair", 3),  # pyright: ignore[reportArgumentType]
        "overrides [3]:": lambda: simnet.load("stereo_pair", [3]),  # pyright: ignore[reportArgumentType]
        "overrides: the key 3;": lambda: simnet.load("stereo_pair", {3: 3}),  # pyright: ignore[reportArgumentType]
        "scenario 3:": lambda: simnet.load(3),  # pyright: ignore[reportArgumentType]
        "hosts -1:": _run(hosts=-1),
        "hosts '2':": _run(hosts="2"),
        "hosts True:": _run(hosts=True),
        "hosts 257:": _run(hosts=257),
        "realtime -1:": _run(realtime=-1),
        "realtime 0:": _run(realtime=0),
        "realtime nan:": _run(realtime=float("nan")),
        "realtime '1':": _run(realtime="1"),
        "progress 3:": _run(progress=3),
        "exports 3:": _run(exports=3),
        "page 'no':": _run(page="no"),
        "live 5570:": _run(live=5570),
        "out 3:": _run(out=3),
        "settings ['duration=1s']:": _sweep(settings=["duration=1s"]),
        "settings: the key 3;": _sweep(settings={3: "1s"}),
        "duration {1}:": _sweep(settings={"duration": {1}}),
        f"duration: {10**12} values;": _sweep(settings={"duration": range(10**12)}),
        "seeds 1.5:": _sweep(seeds=1.5),
        "seeds ['a']:": _sweep(seeds=["a"]),
        "seeds [1.5]:": _sweep(seeds=[1.5]),
        "seeds [-1]:": _sweep(seeds=[-1]),
        "seeds [9223372036854775808]:": _sweep(seeds=[2**63]),
        "seeds 0:": _sweep(seeds=0),
        "seeds -1:": _sweep(seeds=-1),
        "seeds True:": _sweep(seeds=True),
        "seeds [True]:": _sweep(seeds=[True]),
        "seeds True: ": _sweep(seeds=np.True_),
        "seeds [7, 7]:": _sweep(seeds=[7, 7]),
        "seeds []:": _sweep(seeds=[]),
        "seeds '7:9':": _sweep(seeds="7:9"),
        "seeds {7: 9}:": _sweep(seeds={7: 9}),
        "seeds array([[0], [1]]):": _sweep(seeds=np.arange(2).reshape(2, 1)),
        "seeds count(0):": _sweep(seeds=itertools.count()),
        "seeds 100001:": _sweep(seeds=MOST_POINTS + 1),
        "seeds: 100001 at once;": _sweep(seeds=range(MOST_POINTS + 1)),
        "seeds: 9223372036854775807 at once;": _sweep(seeds=range(10**30)),
        "seeds of type int:": _sweep(seeds=10**5000),
        "codecs [None]:": _sweep(codecs=[None]),
        "codecs '':": _sweep(codecs=""),
        "codecs 3:": _sweep(codecs=3),
        "scenario None:": lambda: simnet.sweep(None, out="sweep"),  # pyright: ignore[reportArgumentType]
        "out None:": _sweep(out=None),
        "cache 3:": _sweep(cache=3),
        "cache_bytes -1:": _sweep(cache_bytes=-1),
        "scheduler 8786:": _sweep(scheduler=8786),
        "workers 0:": _sweep(workers=0),
        "workers 1.5:": _sweep(workers=1.5),
        "progress 3: ": _sweep(progress=3),
        "nix: no page there,": lambda: simnet.Report("nix").page,
    }
)


@pytest.mark.parametrize(("call", "what"), MISUSE)
def test_misuse_is_one_line_and_writes_nothing(
    call: Callable[[], object], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        call()
    line = str(caught.value)
    assert line.startswith(what)
    assert "expected" in line
    assert len(line.splitlines()) == 1
    assert len(line) < 200
    assert not list(tmp_path.iterdir())


def test_missing_and_unknown_arguments_are_type_errors() -> None:
    with pytest.raises(TypeError, match="missing a required argument: 'out'"):
        simnet.sweep("stereo_pair")  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="unexpected keyword argument 'host'"):
        simnet.run("stereo_pair", host=2)  # pyright: ignore[reportCallIssue]


class _BegunError(Exception):
    """A sweep that would begin now."""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"seeds": np.arange(2)}, {"seeds": (0, 1)}),
        ({"seeds": range(7, 9)}, {"seeds": (7, 8)}),
        ({"seeds": [np.int64(7), 11]}, {"seeds": (7, 11)}),
        ({"seeds": np.array(2)}, {"seeds": (11, 12)}),
        ({"seeds": 2}, {"seeds": (11, 12)}),
        ({"codecs": "jpeg"}, {"codecs": ("jpeg",)}),
        ({"codecs": np.array(["jpeg", "webp"])}, {"codecs": ("jpeg", "webp")}),
        ({"settings": {"seed": np.arange(1, 3)}}, {"settings": {"seed": ["1", "2"]}}),
        ({"settings": {"seed": np.int64(3)}}, {"settings": {"seed": ["3"]}}),
        ({"settings": {"size": np.array([[64, 32]])}}, {"settings": {"size": ["[64, 32]"]}}),
        ({"settings": {"size": [np.array([64, 32])]}}, {"settings": {"size": ["[64, 32]"]}}),
    ],
)
def test_numpy_integers_and_arrays_count_as_python_values(
    asked: dict[str, Any], expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(grid: Grid, _means: object) -> None:
        raise _BegunError(grid)

    monkeypatch.setattr(sweeps, "run", begin)
    with pytest.raises(_BegunError) as begun:
        simnet.sweep("stereo_pair", **{"out": "sweep", **asked})
    (grid,) = begun.value.args
    assert grid == Grid("stereo_pair", **{"settings": {}, "codecs": (), "seeds": (), **expected})
    assert all(type(seed) is int for seed in grid.seeds)


def test_override_may_be_an_array() -> None:
    size = {"nodes.*.cameras.*.size": np.array([64, 32])}
    assert {(each.width, each.height) for each in simnet.load("stereo_pair", size).cameras.values()} == {(64, 32)}
