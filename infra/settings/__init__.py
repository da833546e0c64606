"""The typed configuration of an environment: models, loader, schema for editors, release manifest."""

from infra.settings.errors import Problem, SettingsError
from infra.settings.loader import load_stack_file, parse_settings
from infra.settings.models import Settings
from infra.settings.release import Release, load_release

__all__ = [
    "Problem",
    "Release",
    "Settings",
    "SettingsError",
    "load_release",
    "load_stack_file",
    "parse_settings",
]
