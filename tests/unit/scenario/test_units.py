"""Text with a unit becomes a number of base units, exactly; everything else is refused in one line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet import units
from simnet.errors import InputError


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("20 Mbit/s", "bit/s", 20e6),
        ("1.5Mbps", "bit/s", 1.5e6),
        ("15 kB/s", "bit/s", 120e3),
        ("15 ms", "ns", 15e6),
        ("100ms", "ns", 100e6),
        ("2 min", "ns", 120e9),
        ("36 km/h", "m/s", 10.0),
        ("16 kB", "B", 16_000),
        ("2 KiB", "B", 2048),
        ("1 %", "", 0.01),
        ("90 deg", "deg", 90.0),
        ("-90°", "deg", -90.0),
        ("8 m", "m", 8.0),
        ("1e-1 km", "m", 100.0),
        ("10 Hz", "Hz", 10.0),
        ("30 fps", "Hz", 30.0),
        (0, "bit/s", 0.0),
        ("0", "m", 0.0),
    ],
)
def test_text_becomes_base_units(text: object, unit: str, number: float) -> None:
    assert units.parse(text, unit) == number


@pytest.mark.parametrize(
    ("value", "unit", "fragments"),
    [
        (20, "bit/s", ["20 has no unit", "'20 Mbit/s'"]),
        ("20", "ns", ["'20' has no unit", "'15 ms'"]),
        (True, "m", ["True", "'8 m'"]),
        (None, "m", ["None", "'8 m'"]),
        ([1], "m", ["[1]", "'8 m'"]),
        ("fast", "m/s", ["'fast'", "'36 km/h'"]),
        ("10 Hz", "bit/s", ["'10 Hz' is not a bit rate", "'20 Mbit/s'"]),
        ("1 kB", "bit/s", ["not a bit rate"]),
        ("3 m", "ns", ["'3 m' is not a time", "'15 ms'"]),
        ("3 parsecs", "m", ["unknown unit 'parsecs'"]),
        ("20 mbit/s", "bit/s", ["thousandths of a bit", "'20 Mbit/s'"]),
        ("nan m", "m", ["'nan m'"]),
        ("1e400 m", "m", ["out of range"]),
        ("1 m\n2", "m", [r"\n"]),
        ("{0} m", "m", ["'{0} m'"]),
    ],
)
def test_other_text_is_refused_in_one_line(value: object, unit: str, fragments: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        units.parse(value, unit)
    message = str(caught.value)
    assert "\n" not in message
    assert all(fragment in message for fragment in [*fragments, "expected"])


@given(st.sampled_from(sorted(units.EXAMPLES)), st.floats(-1e15, 1e15, allow_subnormal=False))
def test_written_text_reads_back_exactly(unit: str, number: float) -> None:
    assert units.parse(units.text(number, unit), unit) == number


@given(st.integers(0, 2**53))
def test_times_stay_whole_nanoseconds(time_ns: int) -> None:
    assert units.parse_int(units.text(time_ns, "ns"), "ns") == time_ns


@given(st.decimals(0, 10**6, places=6, allow_nan=False), st.sampled_from([("ms", 1e6), ("s", 1e9), ("us", 1e3)]))
def test_time_units_scale(number: object, unit: tuple[str, float]) -> None:
    name, factor = unit
    assert math.isclose(units.parse(f"{number} {name}", "ns"), float(str(number)) * factor, rel_tol=1e-15)


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text())),
    st.sampled_from(sorted(units.EXAMPLES)),
)
def test_any_value_parses_or_is_refused(value: object, unit: str) -> None:
    try:
        number = units.parse(value, unit)
    except units.UnitError as error:
        message = str(error)
    else:
        message = f"{number:.6g}"
        assert math.isfinite(number)
    assert message.isprintable()


def test_unit_examples_parse_as_their_unit() -> None:
    for unit, example in units.EXAMPLES.items():
        assert units.parse(example, unit) > 0


def test_common_units_are_what_pint_finds() -> None:
    for unit, factors in units._COMMON.items():
        assert {written: units._found(written, unit) for written in factors} == factors
