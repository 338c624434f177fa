"""Schema of a scenario's expected results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from pydantic_core import core_schema

from simnet.errors import ScenarioError
from simnet.scenario import check_language
from simnet.scenario.schema import fields as f
from simnet.scenario.schema.fields import Spec

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic_core import CoreSchema


class _CheckText:
    """Annotation of a check that is written as text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make pydantic parse the check with `read`, after the variants that it can name."""
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the valid form: text."""
        return {"type": "string"}

    def read(self, value: object, info: ValidationInfo) -> check_language.Check:
        """Return the parsed check; ValueError if it is not a check."""
        try:
            return check_language.parse(str(value), info.data.get("variants", {}))
        except ScenarioError as error:
            raise ValueError(str(error)) from None


class ExpectSpec(Spec):
    """Expected results of a scenario, in words and as checks that hold or fail for its runs."""

    shows: f.Given = Field(examples=["Half of the frames are late."])
    """Expected result in words."""
    variants: dict[f.Name, list[f.Given]] = Field(
        default={}, examples=[{"open": ["streams.*.transport=none", "duration=3 s"]}]
    )
    """Changed scenarios to compare with, by name: the `--set` values of each."""
    checks: list[Annotated[check_language.Check, _CheckText()]] = Field(
        default=[], examples=[["lost(*/front) in open > 4 * lost(*/front)"]]
    )
    """Comparisons of two sums: of numbers, and of measures of the streams that a pattern matches, such as
    2 * lost(car/front) in open. Frames and kbit/s of several streams are added, dB and ms averaged."""
