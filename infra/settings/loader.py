"""The one place where configuration is read: from a stack file, or as Pulumi hands it to the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.settings.errors import Problem, SettingsError
from infra.settings.explain import CONFIG_KEYS, explain, key_path
from infra.settings.models import Settings

STACKS_FOLDER = "stacks"


def stack_file_name(stack: str) -> str:
    """The stack file as a person types it, from the root of the project."""
    return f"{STACKS_FOLDER}/Pulumi.{stack}.yaml"


def parse_settings(*, region: object, platform: object, stack: str) -> Settings:
    """Check the two configuration values of a stack and return them typed.

    Args:
        region: value of `aws:region`.
        platform: value of `groundplan:platform`.
        stack: the stack's name; must equal the environment.

    Raises:
        SettingsError: with every problem found.
    """
    data = {"region": region, "platform": platform}
    try:
        # By way of JSON, because only there is pydantic strict and yet reads ranges from text.
        settings = Settings.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise settings_error(stack, *explain(error, data)) from None
    if settings.platform.environment != stack:
        raise settings_error(
            stack,
            Problem(
                key=key_path(("platform", "environment")),
                given=settings.platform.environment,
                wrong="the environment is not the stack",
                allowed=f"{stack}, or rename the stack",
            ),
        )
    return settings


def load_stack_file(path: Path) -> Settings:
    """Read and check `stacks/Pulumi.<stack>.yaml`; nothing is started or called.

    Raises:
        SettingsError: the file is missing, is not YAML, or holds wrong settings.
    """
    import yaml  # noqa: PLC0415 - Pulumi reads the file itself; only the command's check comes here

    stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        present = ", ".join(sorted(other.name for other in path.parent.glob("Pulumi.*.yaml"))) or "none"
        raise SettingsError(
            file=stack_file_name(stack),
            problems=[
                Problem(key="the file", wrong="there is no such file", allowed=f"an existing one: {present}")
            ],
            next_step=f"copy the nearest stack file to {stack_file_name(stack)}, and change it",
        ) from None
    except yaml.YAMLError as error:
        wrong = " ".join(str(error).split())
        raise settings_error(
            stack, Problem(key="the file", wrong=f"it is not YAML: {wrong}", allowed="YAML")
        ) from None
    config = document.get("config") if isinstance(document, Mapping) else None
    if not isinstance(config, Mapping):
        problem = Problem(key="config", given=config, wrong="this is not a mapping", allowed=_config_keys())
        raise settings_error(stack, problem)
    missing = [key for key in CONFIG_KEYS.values() if key not in config]
    if missing:
        problems = [
            Problem(key=f"config.{key}", wrong="the key is missing", allowed=_config_keys())
            for key in missing
        ]
        raise settings_error(stack, *problems)
    values: dict[str, Any] = {part: config[key] for part, key in CONFIG_KEYS.items()}
    return parse_settings(stack=stack, **values)


def _config_keys() -> str:
    return f"a mapping with the keys {', '.join(CONFIG_KEYS.values())}"


def settings_error(stack: str, *problems: Problem) -> SettingsError:
    """What to say of a stack file with problems."""
    return SettingsError(
        file=stack_file_name(stack),
        problems=problems,
        next_step=f"correct {stack_file_name(stack)}, then run: pulumi preview --stack {stack}",
    )
