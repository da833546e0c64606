"""What it takes to query a tenant's tables: its work group, its databases, and results below its prefix."""

from __future__ import annotations

from infra.aws.account import Account
from infra.aws.catalogue import TABLE_ZONES, database_name, workgroup_name
from infra.aws.documents import Statement, allow
from infra.aws.lake import QUERY_RESULTS, bucket_name

_RUN = (
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_READ = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetTable", "glue:GetTables")
_WRITE = ("glue:CreateTable", "glue:UpdateTable")


def queries(account: Account, environment: str, tenant: str, *, write: bool = False) -> list[Statement]:
    """The statements. Which tables may be read, IAM does not say: Lake Formation does."""
    databases = [database_name(environment, tenant, zone) for zone in TABLE_ZONES]
    results = bucket_name(environment, QUERY_RESULTS, account)
    return [
        allow(
            "RunQueries",
            actions=_RUN,
            resources=[account.arn("athena", f"workgroup/{workgroup_name(environment, tenant)}")],
        ),
        allow(
            "ChangeTables" if write else "SeeTables",
            actions=(*_READ, *_WRITE) if write else _READ,
            resources=[
                account.arn("glue", "catalog"),
                *(account.arn("glue", f"database/{database}") for database in databases),
                *(account.arn("glue", f"table/{database}/*") for database in databases),
            ],
        ),
        # Athena asks for it before each query, whichever database that is of, and even if there is none:
        # https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html.
        allow(
            "FindDefaultDatabase",
            actions=["glue:GetDatabase"],
            resources=[account.arn("glue", "catalog"), account.arn("glue", "database/default")],
        ),
        # The action has no resource: https://docs.aws.amazon.com/service-authorization, AWS Lake Formation.
        allow("BorrowAccessToTables", actions=["lakeformation:GetDataAccess"], resources=["*"]),
        allow("FindResults", actions=["s3:GetBucketLocation"], resources=[account.bucket_arn(results)]),
        allow(
            "KeepResults",
            actions=[
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            resources=[account.bucket_arn(results, f"{tenant}/*")],
        ),
    ]
