"""Large pictures do not pile up, and every processor has work."""

from pathlib import Path

import pytest

from simnet.engine.timing import backlog
from simnet.scenario import load

SCENARIO = """
duration: 1 s
world: {{kind: rendered, scene: field}}
nodes:
  mast: {{position: [0, 0, 6]}}
  drone: {{position: [0, 0, 30], cameras: {{down: {{size: [{size}], rate: 5 Hz}}}}}}
links: {{air: {{from: drone, to: mast, bandwidth: 1 Mbit/s}}}}
streams: {{drone/down: {{codec: jpeg}}}}
fusion: {{at: mast}}
"""


@pytest.mark.parametrize(
    ("size", "processors", "expected"),
    [("256, 128", 2, 16), ("1280, 720", 2, 4), ("1280, 720", 6, 12), ("1280, 720", 64, 16), ("3840, 2160", 1, 2)],
)
def test_backlog_is_two_for_each_processor_and_more_of_small_pictures(
    size: str, processors: int, expected: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backlog, "processors", lambda: processors)
    file = tmp_path / "mast.yaml"
    file.write_text(SCENARIO.format(size=size), encoding="utf-8")
    assert backlog.backlog(load(str(file))) == expected
