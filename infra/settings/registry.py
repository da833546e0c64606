"""Settings of the container registry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.base import SettingsModel


class RegistrySettings(SettingsModel):
    """Container images (ECR): immutable tags, our own key, scanned and signed."""

    scanning: Literal["BASIC", "ENHANCED"] = "BASIC"
    """`BASIC` looks for known flaws of the operating system's packages when an image is pushed; `ENHANCED`
    also looks at packages of languages, and again whenever a flaw becomes known (Inspector, billed by image).
    Set where `audit.account_services` is true, for a registry is one per account and region."""
    signing_profile: Annotated[int, Field(ge=1, le=9999)] = 1
    """Number in the name of the profile that signs images. AWS keeps the name of a cancelled profile for two
    years: a stack that was destroyed and is made anew needs the next number."""
    signature_months: Annotated[int, Field(ge=1, le=135)] = 24
    """Months that an image's signature is valid."""
