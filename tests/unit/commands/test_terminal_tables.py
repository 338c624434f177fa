"""Tables on terminals: no name is cut, whatever the width."""

import io

import pytest
from rich.console import Console

from simnet import terminal_tables
from simnet.readable import duration_text, size_text


@pytest.mark.parametrize(
    ("widths", "room", "expected"),
    [
        ([5, 4, 4], 40, [[0, 1, 2]]),
        ([5, 4, 4], 12, [[0, 1], [0, 2]]),
        ([50, 4, 4], 12, [[0, 1], [0, 2]]),
        ([5], 3, [[0]]),
    ],
)
def test_columns_that_do_not_fit_go_below(widths: list[int], room: int, expected: list[list[int]]) -> None:
    assert terminal_tables.parts(widths, room) == expected


def test_no_name_and_no_figure_is_cut() -> None:
    name = "follower_with_a_very_long_name/front_left_camera"
    out = io.StringIO()
    rows = [[name, "jpeg", "12345.6"], ["a", "hevc-intra", "1.0"]]
    terminal_tables.show(Console(file=out, width=20), ["stream", "codec", "kbit/s"], rows, frozenset({1}))
    assert "…" not in out.getvalue()
    assert out.getvalue().count(name) == 2
    assert "hevc-intra" in out.getvalue()
    assert "12345.6" in out.getvalue()


def test_sizes_and_times_are_readable() -> None:
    assert [size_text(each) for each in (12, 1234, 23_456_789, 9.9e9)] == ["12 B", "1.2 kB", "23 MB", "9.9 GB"]
    expected = ["8 s", "3 min 20 s", "25 min", "2 h 5 min", "3 d 4 h"]
    assert [duration_text(each) for each in (8.2, 200, 1500, 7500, 273_600)] == expected
