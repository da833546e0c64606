"""RDS-05: databases ask for IAM, for TLS, and keep no password of ours."""

from __future__ import annotations

from collections.abc import Iterator

from policies.core.resources import Resource, Stack
from policies.core.rule import FROM_STAGING, Context, Finding, Framework, Rule, Severity

CLUSTER = "aws:rds/cluster:Cluster"
GROUPS = {
    "dbClusterParameterGroupName": "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "parameterGroupName": "aws:rds/parameterGroup:ParameterGroup",
}
FORCING = ("rds.force_ssl", "require_secure_transport")
FORCED_FROM = {"aurora-postgresql": 17, "postgres": 15}
"""First major versions that refuse connections without TLS unless a parameter group lets them in."""


def check(database: Resource, context: Context) -> Iterator[Finding]:
    """IAM on, TLS forced by a parameter or by the version's default, and the password kept by AWS."""
    view = database.view
    if not view.flag("iamDatabaseAuthenticationEnabled"):
        path = "iamDatabaseAuthenticationEnabled"
        yield Finding(path=path, message="logins need passwords", key="iam")
    passwords = ("masterPassword",) if database.type == CLUSTER else ("password",)
    for path in passwords:
        if view.named(path):
            yield Finding(path=path, message="the password is in the program's state", key=path)
    if not view.flag("manageMasterUserPassword"):
        path = "manageMasterUserPassword"
        yield Finding(path=path, message="nobody changes the password", key="managed")
    if not _forces_tls(database, context.stack):
        yield Finding(path="engineVersion", message="takes connections without TLS", key="tls")


def _forces_tls(database: Resource, stack: Stack) -> bool:
    for prop, kind in GROUPS.items():
        for group in stack.referred(database, prop, kind):
            for parameter in group.view.objects("parameters"):
                if parameter.text("name") in FORCING:
                    return parameter.text("value").lower() in {"1", "on", "true"}
    major = database.view.text("engineVersion").partition(".")[0]
    first = FORCED_FROM.get(database.view.text("engine"))
    return first is not None and major.isdigit() and int(major) >= first


RULE = Rule(
    id="RDS-05",
    title=("Databases take IAM logins, refuse connections without TLS, and keep their own password."),
    severity=Severity.HIGH,
    why=("A password in the program's state is in every copy of it; one on the wire is everybody's."),
    remediation=(
        "Set iam_database_authentication_enabled and manage_master_user_password; before "
        "PostgreSQL 17, a parameter group with rds.force_ssl=1."
    ),
    frameworks={
        Framework.HIPAA: ("164.312(d)",),
        Framework.SOC2: (
            "CC6.1",
            "CC6.7",
        ),
        Framework.PCI_DSS: (
            "4.2.1",
            "8.3.2",
            "8.6.3",
        ),
        Framework.NIST: (
            "IA-5",
            "SC-8",
        ),
    },
    equivalents=(
        "CKV_AWS_161",
        "CKV_AWS_162",
        "CKV2_AWS_69",
        "FSBP RDS.10",
        "FSBP RDS.12",
        "FSBP RDS.38",
        "prowler:rds_cluster_iam_authentication_enabled",
        "prowler:rds_instance_transport_encrypted",
    ),
    enforcement=FROM_STAGING,
    types=(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
    ),
    check=check,
    needs_stack=True,
)
