"""The document that `pulumi preview --json` prints: the part that a reader needs, typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundplan.errors import ExitCode, GroundplanError

STACK_TYPE = "pulumi:pulumi:Stack"
_PROTECTED = re.compile(r"marked for protection|because it is protected")
_CONSEQUENCE = "error: preview failed"
_RECORD_IT = "Write it with: pulumi preview --json --show-sames > preview.json"


class _Foreign(BaseModel):
    """Base of what the engine writes: read-only, and newer keys of it are of no concern."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class State(_Foreign):
    """A resource as the engine knows it. Secrets are `[secret]` already; what is unknown is a fixed text."""

    type: str
    id: str = ""
    custom: bool = False
    parent: str = ""
    dependencies: tuple[str, ...] | None = None
    property_dependencies: dict[str, tuple[str, ...] | None] | None = Field(
        default=None, alias="propertyDependencies"
    )
    protect: bool = False
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)
    additional_secret_outputs: tuple[str, ...] = Field(default=(), alias="additionalSecretOutputs")


class PropertyDiff(_Foreign):
    """What the provider says of one property: `add`, `delete`, `update`, and each with `-replace`."""

    kind: str = "update"
    input_diff: bool = Field(default=False, alias="inputDiff")


class Step(_Foreign):
    """What the engine would do to one resource."""

    op: str
    urn: str
    old: State | None = Field(default=None, alias="oldState")
    new: State | None = Field(default=None, alias="newState")
    diff_reasons: tuple[str, ...] | None = Field(default=None, alias="diffReasons")
    replace_reasons: tuple[str, ...] | None = Field(default=None, alias="replaceReasons")
    detailed_diff: dict[str, PropertyDiff] | None = Field(default=None, alias="detailedDiff")


class Diagnostic(_Foreign):
    """A message of the engine, a provider or the program."""

    severity: str
    message: str
    urn: str = ""


def sames_left_out(change_summary: Mapping[str, int] | None, operations: Iterable[str]) -> int:
    """How many resources that stay the same a preview counts and does not list: it does, if it is asked.

    Args:
        change_summary: number of resources by operation, as Pulumi counts them.
        operations: of each step that is listed.
    """
    listed = sum(operation == "same" for operation in operations)
    return max((change_summary or {}).get("same", 0) - listed, 0)


class Preview(_Foreign):
    """One preview of one stack."""

    steps: tuple[Step, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    change_summary: dict[str, int] | None = Field(default=None, alias="changeSummary")

    @property
    def stack(self) -> str | None:
        """Name of the stack, as every URN has it; None if nothing is there."""
        return self.steps[0].urn.split("::")[0].removeprefix("urn:pulumi:") if self.steps else None

    @property
    def whole(self) -> bool:
        """Whether resources that stay the same are shown too."""
        return sames_left_out(self.change_summary, (step.op for step in self.steps)) == 0

    @property
    def refused(self) -> tuple[str, ...]:
        """URNs of protected resources that the change would delete or replace: the engine stops there."""
        return tuple(sorted({found.urn for found in self._errors if _PROTECTED.search(found.message)}))

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong, refusals left out: a preview that failed shows only part of what would happen."""
        messages = [found.message.strip() for found in self._errors if not _PROTECTED.search(found.message)]
        return tuple(text for text in messages if not (self.refused and text == _CONSEQUENCE))

    @property
    def _errors(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.severity == "error")


def load_preview(path: Path) -> Preview:
    """Read a file that `pulumi preview --json` wrote.

    Raises:
        GroundplanError: it cannot be read, is something else, or is of a preview that failed (exit code 2).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise _unusable(str(path), reason) from None
    return parse_preview(text, str(path))


def parse_preview(text: str, source: str) -> Preview:
    """Read what `pulumi preview --json` printed.

    Args:
        text: the JSON document.
        source: where it comes from, for messages.

    Raises:
        GroundplanError: as `load_preview`.
    """
    try:
        preview = Preview.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise _unusable(source, f"{where}: {first['msg']}") from None
    if preview.errors:
        raise GroundplanError(
            f"{source}: the preview failed, so it shows only part of what would happen.",
            log="\n".join(preview.errors),
            hint="Make `pulumi preview` succeed first.",
            exit_code=ExitCode.CONFIG,
        )
    if preview.change_summary is None:
        raise _unusable(source, "changeSummary is missing, with which every finished preview ends")
    return preview


def _unusable(source: str, reason: str) -> GroundplanError:
    return GroundplanError(
        f"{source} is not what `pulumi preview --json` prints: {reason}.",
        hint=_RECORD_IT,
        exit_code=ExitCode.CONFIG,
    )
