"""What the page knows after what it has heard."""

from dataclasses import replace

import pytest

from simnet.dashboard import charts, ground_map, html_text
from simnet.dashboard import state as states
from simnet.records import Outcome
from simnet.records.telemetry import LinkLoad, LiveEnd
from simnet.wire.telemetry.telemetry_messages import Published

MS = 1_000_000
CAR, VAN = "car/<front>", "van/front"


def test_state_keeps_a_run_after_its_end(hear, beginning, ending) -> None:
    state = hear([])
    assert state.phase == "waiting"
    assert "waiting for a run" in html_text.status(state)
    for told in beginning:
        state.take(told)
    assert state.phase == "running"
    assert state.streams[VAN].outcomes == {Outcome.DECODED: 2, Outcome.LOST: 1}
    state.take(ending)
    assert state.phase == "ended"
    assert state.streams[CAR].pictures.original != state.streams[CAR].pictures.decoded
    assert "0123456789abcdef" in html_text.status(state)


def test_silent_run_is_called_silent(hear, beginning, monkeypatch) -> None:
    state = hear(beginning)
    later = states.time.monotonic() + states.SILENT_S + 1
    monkeypatch.setattr(states.time, "monotonic", lambda: later)
    assert state.phase == "silent"


def test_failed_run_shows_its_error(hear, beginning) -> None:
    state = hear([*beginning, Published(LiveEnd(1, "", "NodeError: car: it died"))])
    assert state.phase == "failed"
    assert "NodeError: car: it died" in html_text.events_table(state)


def test_next_run_replaces_the_last(hear, beginning, ending) -> None:
    first = beginning[0]
    state = hear([*beginning, ending, first])
    assert state.phase == "ended", "the same run told again changes nothing"
    state.take(Published(replace(first.record, session="session-2")))
    assert state.phase == "running"
    assert not state.streams[CAR].rows
    assert not state.events


def test_records_before_the_scenario_are_ignored(hear, beginning) -> None:
    state = hear(beginning[1:])
    assert state.phase == "waiting"
    assert not state.streams


def test_events_are_listed_newest_first(hear, beginning) -> None:
    table = html_text.events_table(hear(beginning))
    order = [table.index(said) for said in ("did not come back", "from mast_1 to mast_2", "2 of 4 packets lost")]
    assert order == sorted(order)
    assert "frame 2: 1 of 4 packets lost on the way" in table


def test_tables_show_sources_and_escape_names(hear, beginning) -> None:
    state = hear(beginning)
    table = html_text.streams_table(state, VAN)
    assert "<front>" not in table
    assert "car/&lt;front&gt;, 100 ms apart" in table
    assert '<tr class="chosen"><th scope=row>van/front' in table
    original, decoded = html_text.captions(state.streams[VAN])
    assert original == "frame 2 at 0.2 s"
    assert decoded.startswith("32.00 dB, 0.310 bpp, decoded, with car/&lt;front&gt;")
    assert "31.00 dB without" in decoded


@pytest.mark.parametrize(
    ("load", "colour"), [(0.0, "#8b95a1"), (0.5, "#1f9d6b"), (0.51, "#c58b07"), (1.0, "#dc6a18"), (1.01, "#dc3545")]
)
def test_links_are_coloured_by_load(load: float, colour: str) -> None:
    assert ground_map.load_colour(LinkLoad("up", load, 1.0, 0, True)) == colour


def test_map_shows_node_positions_and_link_loads(hear, beginning) -> None:
    svg = ground_map.svg(hear(beginning))
    assert svg.count("<circle") == 2
    assert svg.count("<rect") == 1
    assert svg.count("<text") == 3
    assert "up_car: car to mast, 126 kbit/s, 42 %" in svg
    assert "down, 137 % offered" in svg
    assert "stroke-dasharray" in svg


def test_rates_average_the_last_second(hear, beginning, ending) -> None:
    state = hear(beginning)
    rows = state.streams[CAR].rows
    # 1250 bytes every 100 ms are 100 kbit/s, once a whole second (or all of a shorter run) has been captured.
    assert states.kbit_s(rows, 100 * MS, 300 * MS, 300 * MS) == [(0.2, 100.0)]
    assert states.kbit_s(rows, 100 * MS, 300 * MS, 1000 * MS) == []
    moving = charts.quality(state, CAR)
    assert [line["data"] for line in moving["series"]] == [
        [[0.0, 30.0], [0.1, 31.0], [0.2, 32.0]],
        [[0.0, 30.0], [0.1, None], [0.2, 32.0]],
    ]
    assert moving["xAxis"]["max"] == charts.WINDOW_S
    state.take(ending)
    assert charts.rate(state, CAR)["xAxis"]["max"] == 1.0


def test_rate_waits_for_frames_whose_story_is_open(hear, beginning) -> None:
    state = hear(beginning)
    rows = [replace(state.streams[CAR].rows[0], sequence=k, capture_ns=k * 100 * MS) for k in range(40) if k != 30]
    assert states.kbit_s(rows, 100 * MS, 4000 * MS, 10_000 * MS)[-1] == (2.9, 100.0)
    assert states.kbit_s(rows, 100 * MS, 9000 * MS, 10_000 * MS)[-1][0] == 3.9


def test_totals_sum_up_all_streams(hear, beginning) -> None:
    state = hear(beginning)
    found = states.totals(state)
    assert found.frames == sum(own.outcomes.total() for own in state.streams.values())
    assert found.in_time < found.frames
    assert found.link_bytes == 1250 * found.frames
    shown = html_text.totals(state)
    assert "late or lost" in shown
    assert "kB" in shown
    assert "van/front" in html_text.tile(state, "van/front")


def test_crowded_chart_keeps_the_chosen_stream(scenario) -> None:
    many = replace(scenario, streams=tuple(replace(scenario.streams[0], name=f"s{k}") for k in range(40)))
    assert charts.shown_streams(many, "s33") == [*(f"s{k}" for k in range(charts.MOST - 1)), "s33"]
