"""Reads a file of figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from groundplan.errors import ExitCode, GroundplanError
from infra.planning.demand import Figures
from infra.settings.errors import Problem
from infra.settings.explain import InputFile, explain

FIGURES_FILE = InputFile(model=Figures)


def load_figures(path: Path) -> Figures:
    """Read and check a file of figures.

    Raises:
        GroundplanError: it cannot be used (exit code 2); each problem names key, value and what is allowed.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unusable(
            path, Problem(key="the file", wrong=str(error.strerror).lower(), allowed="a file of figures")
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        wrong = f"it is not YAML: {' '.join(str(error).split())}"
        raise _unusable(path, Problem(key="the file", wrong=wrong, allowed="YAML")) from None
    if not isinstance(data, Mapping):
        raise _unusable(
            path,
            Problem(
                key="the file", given=data, wrong="this is not a mapping", allowed="region and use_cases"
            ),
        )
    try:
        # By way of JSON, because only there is pydantic strict and yet reads times from text.
        return Figures.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise _unusable(path, *explain(error, data, FIGURES_FILE)) from None


def _unusable(path: Path, *problems: Problem) -> GroundplanError:
    return GroundplanError(
        f"{path} cannot be used.",
        log="\n".join(map(str, problems)),
        hint=f"correct {path} (see docs/how-to/plan-capacity-and-cost.md), then run: groundplan plan {path}",
        exit_code=ExitCode.CONFIG,
    )
