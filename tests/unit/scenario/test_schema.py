"""The published JSON Schema: complete, documented, and true of what is shipped."""

from typing import Any

import jsonschema
import yaml

from simnet import scenario, shipped


def _properties(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    models = [schema, *schema["$defs"].values()]
    return [
        (f"{model['title']}.{name}", field) for model in models for name, field in model.get("properties", {}).items()
    ]


def test_every_schema_key_has_description_and_example() -> None:
    for name, field in _properties(scenario.schema_json()):
        assert len(field.get("description", "")) > 5, name
        assert field.get("examples"), name


def test_schema_defaults_are_written_with_units() -> None:
    fields = dict(_properties(scenario.schema_json()))
    assert fields["Camera.rate"]["default"] == "10 Hz"
    assert fields["Fusion.wait"]["default"] == "30 ms"
    assert fields["Queue.size"]["default"] == "65536 B"


def test_shipped_scenarios_satisfy_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(scenario.schema_json())
    files = [file.read_text(encoding="utf-8") for file in shipped.folder("scenarios").glob("*.yaml")]
    written_out = [scenario.dump(scenario.load(name)) for name, _, _ in scenario.list_shipped()]
    for text in files + written_out:
        validator.validate(yaml.safe_load(text))
    bad = yaml.safe_load(files[0]) | {"sed": 3}
    assert not validator.is_valid(bad)
