"""Small files of each format, and a scenario with one node that goes by them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simnet import records, scenario
from simnet.errors import ScenarioError

FCD = """\
<?xml version="1.0" encoding="UTF-8"?>
<fcd-export xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
    <timestep time="10.00">
        <vehicle id="veh0" x="0.00" y="-1.60" angle="90.00" type="car" speed="10.00" pos="5.10" lane="a_0" slope="0.00"/>
    </timestep>
    <timestep time="11.00">
        <vehicle id="veh0" x="10.00" y="-1.60" angle="90.00" type="car" speed="10.00" pos="15.10" lane="a_0" slope="0.00"/>
        <vehicle id="veh1" x="50.00" y="2.00" z="1.50" angle="350.00"/>
    </timestep>
    <timestep time="12.50">
        <vehicle id="veh0" x="20.00" y="3.40" angle="350.00"/>
        <vehicle id="veh1" x="48.00" y="12.00" z="2.50" angle="10.00"/>
        <person id="walker" x="3.00" y="4.00" angle="0.00"/>
    </timestep>
</fcd-export>
"""
GPX = """\
<?xml version="1.0"?>
<gpx version="1.1" creator="by hand" xmlns="http://www.topografix.com/GPX/1/1">
  <trk><name>flight</name>
    <trkseg>
      <trkpt lat="52.5" lon="13.4"><ele>40.0</ele><time>2024-05-01T10:00:00Z</time></trkpt>
      <trkpt lat="52.5009" lon="13.4"><ele>60.0</ele><time>2024-05-01T10:00:10Z</time></trkpt>
    </trkseg>
    <trkseg>
      <trkpt lat="52.5009" lon="13.4"><ele>60.0</ele><time>2024-05-01T10:00:10Z</time></trkpt>
      <trkpt lat="52.5009" lon="13.4015"><ele>60.0</ele><time>2024-05-01T12:00:20.500+02:00</time></trkpt>
    </trkseg>
  </trk>
</gpx>
"""
CSV = "t,east,north,up,yaw\n0,0,0,2,350\n1.5,15,0,2,10\n4,15,20,4,90\n"


def simple(command: int, *params: Any, frame: int = 3) -> dict[str, Any]:
    """A simple item of a mission: the first parameters, then latitude, longitude, altitude."""
    given = [*params[:-3], *[0] * (7 - len(params)), *params[-3:]]
    return {"type": "SimpleItem", "command": command, "frame": frame, "params": given, "autoContinue": True}


def mission(*items: Any, **rest: Any) -> dict[str, Any]:
    """A plan of a multicopter that starts in Berlin, 34 m above the sea."""
    home = [52.5, 13.4, 34.0]
    return {
        "fileType": "Plan",
        "groundStation": "QGroundControl",
        "version": 1,
        "mission": {
            "version": 2,
            "vehicleType": 2,
            "cruiseSpeed": 15,
            "hoverSpeed": 5,
            "plannedHomePosition": home,
            "items": list(items),
            **rest,
        },
    }


SURVEY = mission(
    simple(22, 0, None, None, 20),
    {
        "type": "ComplexItem",
        "complexItemType": "survey",
        "TransectStyleComplexItem": {
            "Items": [
                simple(16, 52.5009, 13.4, 20),
                simple(206, 25, 0, 1, 0, 0, 0, 0),
                simple(16, 52.5009, 13.4015, 20),
            ]
        },
    },
    simple(178, 1, 10, -1, 0, 0, 0, 0),
    simple(20, 0, 0, 0, 0, 0, 0, 0),
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with one file of each format."""
    (tmp_path / "fcd.xml").write_text(FCD, encoding="utf-8")
    (tmp_path / "flight.gpx").write_text(GPX, encoding="utf-8")
    (tmp_path / "way.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "survey.plan").write_text(json.dumps(SURVEY), encoding="utf-8")
    return tmp_path


@pytest.fixture
def load(files: Path) -> Callable[..., records.Scenario]:
    """Load a scenario whose nodes are written as given; more of its keys follow."""

    def read(*nodes: str, head: str = "", overrides: tuple[str, ...] = ()) -> records.Scenario:
        named = "\n".join(f"  n{index}: {{{text}, cameras: {{c: {{}}}}}}" for index, text in enumerate(nodes))
        text = (
            f"duration: 60 s\n{head}\nnodes:\n{named}\n  mast: {{position: [0, 0, 5]}}\n"
            "links: {up: {from: n0, to: mast, bandwidth: 1 Mbit/s}}\n"
            "streams: {n0/c: {codec: jpeg}}\nfusion: {at: mast}\n"
        )
        (files / "moving.yaml").write_text(text, encoding="utf-8")
        return scenario.load(str(files / "moving.yaml"), overrides)

    return read


@pytest.fixture
def refusal(load: Callable[..., records.Scenario], files: Path) -> Callable[..., str]:
    """Return what is said of such a scenario, without the folder's name; it is one line."""

    def refuse(*nodes: str, head: str = "") -> str:
        with pytest.raises(ScenarioError) as caught:
            load(*nodes, head=head)
        assert str(caught.value).isprintable()
        return str(caught.value).replace(f"{files}/", "")

    return refuse
