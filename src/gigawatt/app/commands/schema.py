"""`gigawatt schema`: the JSON Schema of scenario files."""

from __future__ import annotations

import json

__all__ = ["schema_command"]


def schema_command() -> None:
    """Print the JSON Schema of scenario files, with the unit of every quantity.

    Editors that know JSON Schema complete and check scenarios with it.
    """
    from gigawatt.scenario import ScenarioSpec

    print(
        json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **ScenarioSpec.model_json_schema(by_alias=True),
            },
            indent=1,
            ensure_ascii=False,
        )
    )
