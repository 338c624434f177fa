"""Records survive plain data unchanged, and plain data that is not a record's is refused by the name of its field."""

import json
from dataclasses import dataclass
from enum import StrEnum

import pytest

from simnet.records import Outcome, RateConfig
from simnet.records.plain_data import MismatchError, from_plain, to_plain


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    size_bytes: int
    colours: tuple[Colour, ...] = ()


@dataclass(frozen=True)
class Whole:
    name: str
    share: float
    parts: tuple[Part, ...]
    corner: tuple[int, str]
    by_name: dict[str, Part]
    tags: set[str]
    note: str | None = None


WHOLE = Whole("a", 0.5, (Part(1, (Colour.RED,)), Part(2)), (3, "x"), {"b": Part(4)}, {"t", "s"})
PLAIN = {
    "name": "a",
    "share": 0.5,
    "parts": [{"size_bytes": 1, "colours": ["red"]}, {"size_bytes": 2, "colours": []}],
    "corner": [3, "x"],
    "by_name": {"b": {"size_bytes": 4, "colours": []}},
    "tags": ["s", "t"],
    "note": None,
}


def test_record_survives_plain_data_and_json() -> None:
    assert to_plain(WHOLE) == PLAIN
    assert from_plain(Whole, json.loads(json.dumps(PLAIN))) == WHOLE


def test_whole_number_serves_as_float() -> None:
    assert from_plain(Whole, {**PLAIN, "share": 1}).share == 1.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": 1}, "Whole: the field colour is unknown; expected name, share"),
        ({"name": 1}, "Whole.name: a int; expected str"),
        ({"name": None}, "Whole.name: a NoneType; expected str"),
        ({"share": True}, "Whole.share: a bool; expected float"),
        ({"parts": {}}, "Whole.parts: a dict; expected a list"),
        ({"parts": [{"size_bytes": 1}]}, r"Whole.parts\[0\]: the field colours is missing"),
        ({"parts": [{"size_bytes": 1, "colours": ["blue"]}]}, r"Whole.parts\[0\].colours\[0\]: 'blue' is no Colour"),
        ({"corner": [3]}, "Whole.corner: 1 items; expected 2"),
        ({"by_name": {"b": 1}}, "Whole.by_name.b: a int; expected the fields of Part"),
        ({"by_name": {1: {}}}, "Whole.by_name: the key 1: a int; expected text"),
        ({"by_name": []}, "Whole.by_name: a list; expected a map"),
        ({"note": 1}, "Whole.note: a int; expected str"),
    ],
)
def test_mismatch_names_the_field(change: dict[str, object], said: str) -> None:
    with pytest.raises(MismatchError, match=said):
        from_plain(Whole, PLAIN | change)


@pytest.mark.parametrize("data", [None, 1, "text", []])
def test_data_that_is_no_map_is_refused(data: object) -> None:
    with pytest.raises(MismatchError, match="RateConfig: a"):
        from_plain(RateConfig, data)


def test_enumeration_is_restored_from_its_value() -> None:
    assert to_plain(Outcome.LATE) == "late"
