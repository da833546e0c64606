"""What a change does to the findings of a policy pack: read from a report, never made up."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from groundplan.errors import ExitCode, GroundplanError

_FORM = '{"environments": {"prod": {"new": [], "fixed": [], "waived": [], "not_evaluated": []}}}'


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyFinding(_Model):
    """One rule that one resource does not keep, or that could not be evaluated for it."""

    rule: str
    resource: str
    message: str = ""
    mandatory: bool = False
    """Whether it blocks a deployment."""


class PolicyDelta(_Model):
    """Findings of a policy pack on head, against those on base."""

    new: tuple[PolicyFinding, ...] = ()
    """On head and not on base."""
    fixed: tuple[PolicyFinding, ...] = ()
    """On base and not on head."""
    waived: tuple[PolicyFinding, ...] = ()
    """On head, and excused by a waiver."""
    not_evaluated: tuple[PolicyFinding, ...] = ()
    """Rules that met a value which is not known yet: neither kept nor broken."""

    @property
    def blocks(self) -> bool:
        """Whether a mandatory rule is newly broken."""
        return any(finding.mandatory for finding in self.new)


def load_policy_report(path: Path) -> dict[str, PolicyDelta]:
    """Read a report: a JSON object with a `PolicyDelta` for each environment.

    Raises:
        GroundplanError: it cannot be read or is something else (exit code 2).
    """
    try:
        return _Report.model_validate_json(path.read_bytes()).environments
    except OSError as error:
        reason = str(error.strerror)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'the document'}: {first['msg']}"
    raise GroundplanError(
        f"--policy-report {path}: {reason}.",
        hint=f"Allowed: {_FORM}",
        exit_code=ExitCode.CONFIG,
    )


class _Report(_Model):
    environments: dict[str, PolicyDelta]
