"""LAKE-01: tables are read by grants of Lake Formation, and not by IAM alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource
from policies.core.rule import ALWAYS, Context, Finding, Framework, Rule, Severity
from policies.core.values import UnknownError, View

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"
"""Whom IAM lets read, Lake Formation then does not ask for grants: what a new account begins with."""
SETTINGS = "aws:lakeformation/dataLakeSettings:DataLakeSettings"
DEFAULTS = ("createDatabaseDefaultPermissions", "createTableDefaultPermissions")
UNFILTERED = ("allowExternalDataFiltering", "allowFullTableExternalDataAccess")


def check(resource: Resource, context: Context) -> Iterator[Finding]:
    """New databases and tables begin without grants; no grant is to everybody, or may be passed on."""
    del context
    view = resource.view
    if resource.type == SETTINGS:
        for default in DEFAULTS:
            for each in view.objects(default):
                if each.text("principal") == EVERYBODY and each.texts("permissions"):
                    message = "what is new is open to all whom IAM lets in"
                    yield Finding(path=each.where("principal"), message=message, key=default)
        for path in UNFILTERED:
            if view.flag(path):
                yield Finding(path=path, message="engines outside of AWS get whole tables", key=path)
        return
    if _principal(view) == EVERYBODY:
        yield Finding(path="principal", message="grants to all whom IAM lets in", key="everybody")
    if view.texts("permissionsWithGrantOptions"):
        path = "permissionsWithGrantOptions"
        yield Finding(path=path, message="the grantee may grant it to others", key="passed on")


def _principal(grant: View) -> str:
    """One that is known only after the update is somebody who is made in it."""
    try:
        return grant.text("principal")
    except UnknownError:
        return ""


RULE = Rule(
    id="LAKE-01",
    title="Tables are read by grants of Lake Formation to somebody who is named.",
    severity=Severity.HIGH,
    why="With IAMAllowedPrincipals, one role with glue and S3 rights reads the tables of every tenant.",
    remediation=(
        "Leave the default permissions of DataLakeSettings empty, grant to roles, and let only "
        "administrators grant; see infra/aws/catalogue.py."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(a)(1)",),
        Framework.GDPR: ("25", "32"),
        Framework.SOC2: ("CC6.1", "CC6.3"),
        Framework.PCI_DSS: ("7.3.1",),
        Framework.NIST: ("AC-3", "AC-6"),
    },
    enforcement=ALWAYS,
    types=(SETTINGS, "aws:lakeformation/permissions:Permissions"),
    check=check,
)
