"""Writes the JSON schema that editors check stack files with: `python -m infra.settings.schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.settings.explain import CONFIG_KEYS
from infra.settings.models import Settings

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "stacks" / "platform.schema.json"


def stack_file_schema() -> dict[str, Any]:
    """The schema of a whole `Pulumi.<stack>.yaml`; other packages' configuration stays free."""
    settings = Settings.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of Groundplan",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": list(CONFIG_KEYS.values()),
                "properties": {key: settings["properties"][part] for part, key in CONFIG_KEYS.items()},
            }
        },
        "$defs": settings["$defs"],
    }


def rendered_schema() -> str:
    """The content of the schema file."""
    return json.dumps(stack_file_schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(rendered_schema(), encoding="utf-8")
