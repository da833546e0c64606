"""Still more mistakes that people make in a stack file: auditors, logins, data stores, budgets."""

from __future__ import annotations

from typing import Any

from tests.unit.infra.recording import recovery
from tests.unit.infra.settings.mistakes import Change

_GROUP_ID = r"^([0-9a-f]{10}-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_GROUP = "93a4c842-1001-7090-1a2b-0123456789ab"
_DOMAIN = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}"
_ENDPOINT = rf"^([A-Za-z0-9._%+-]+@{_DOMAIN}|https://{_DOMAIN}(/[A-Za-z0-9._/-]*)?)$"
_WHO_IS_TOLD = (
    "Who is told: e-mail addresses such as `platform@example.com`, and https URLs that confirm subscriptions "
    "themselves. An address hears nothing before its owner has followed the link in AWS' first message, "
    "within three days. No URL that is a secret: this file is no place for one. Needed with `protect_data`."
)


def _in(section: str, **changes: Any) -> Change:
    return lambda platform: platform.setdefault(section, {}).update(changes)


CASES: list[tuple[str, Change, tuple[str, object, str, str]]] = [
    (
        "budget of a tenant that is not there",
        _in("operations", tenant_budgets_usd={"visoin": 10000}),
        (
            "groundplan:platform.operations.tenant_budgets_usd.visoin",
            10000,
            "there is no tenant of this name",
            "one of vision; did you mean 'vision'?",
        ),
    ),
    (
        "budget as text",
        _in("operations", monthly_budget_usd="20k"),
        (
            "groundplan:platform.operations.monthly_budget_usd",
            "20k",
            "this is not a whole number",
            "a whole number from 1 to 100000000",
        ),
    ),
    (
        "backup that goes while it is locked",
        _in("operations", backup_lock_days=30),
        (
            "groundplan:platform.operations.backup_days",
            7,
            "backup_days is 7, less than backup_lock_days, which is 30",
            "at least 30",
        ),
    ),
    (
        "somebody to tell without an address",
        _in("operations", alert_endpoints=["platform"]),
        (
            "groundplan:platform.operations.alert_endpoints[0]",
            "platform",
            "the text has another form",
            f"text that matches {_ENDPOINT}. {_WHO_IS_TOLD}",
        ),
    ),
    (
        "somebody to tell by a URL that holds a secret",
        _in("operations", alert_endpoints=["https://hooks.example.com/alerts?token=abc"]),
        (
            "groundplan:platform.operations.alert_endpoints[0]",
            "https://hooks.example.com/alerts?token=abc",
            "the text has another form",
            f"text that matches {_ENDPOINT}. {_WHO_IS_TOLD}",
        ),
    ),
    (
        "somebody who is told twice",
        _in("operations", alert_endpoints=["a@example.com", "a@example.com"]),
        (
            "groundplan:platform.operations.alert_endpoints[1]",
            "a@example.com",
            "a@example.com is named twice",
            "each name once",
        ),
    ),
    (
        "group of two roles in the dashboards",
        _in("operations", dashboards={"administrators": [_GROUP], "viewers": [_GROUP]}),
        (
            "groundplan:platform.operations.dashboards.viewers[0]",
            _GROUP,
            "the group is among administrators already; Grafana gives it one role",
            "each group once",
        ),
    ),
    (
        "dashboards that nobody manages",
        _in("operations", dashboards={"administrators": []}),
        (
            "groundplan:platform.operations.dashboards.administrators",
            [],
            "there are too few entries",
            "a list of at least 1 entries",
        ),
    ),
    (
        "group of the dashboards by its name",
        _in("operations", dashboards={"administrators": ["platform-team"]}),
        (
            "groundplan:platform.operations.dashboards.administrators[0]",
            "platform-team",
            "the text has another form",
            f"text that matches {_GROUP_ID}. Groups that manage data sources and everybody's dashboards, "
            "by id: `aws identitystore list-groups`.",
        ),
    ),
    (
        "protected data that nobody hears of",
        lambda platform: platform.update(
            protect_data=True, operations=platform["operations"] | {"alert_endpoints": []}
        ),
        (
            "groundplan:platform.operations.alert_endpoints",
            [],
            "data is protected (protect_data), and nobody would be told that a backup of it failed",
            "a list of e-mail addresses or https URLs, at least one",
        ),
    ),
    (
        "record that goes while it is locked",
        _in("audit", lock_days=400),
        (
            "groundplan:platform.audit.keep_days",
            90,
            "keep_days is 90, less than lock_days, which is 400",
            "at least 400",
        ),
    ),
    (
        "lock in the wrong case",
        _in("audit", lock_mode="Compliance"),
        (
            "groundplan:platform.audit.lock_mode",
            "Compliance",
            "the value is not known",
            "one of GOVERNANCE, COMPLIANCE",
        ),
    ),
    (
        "no standard to check against",
        _in("audit", standards=[]),
        (
            "groundplan:platform.audit.standards",
            [],
            "there are too few entries",
            "a list of at least 1 entries",
        ),
    ),
    (
        "source of threats that GuardDuty does not have",
        _in("audit", threat_features=["S3_DATA_EVENT"]),
        (
            "groundplan:platform.audit.threat_features[0]",
            "S3_DATA_EVENT",
            "the value is not known",
            "one of S3_DATA_EVENTS, EKS_AUDIT_LOGS, EBS_MALWARE_PROTECTION, RDS_LOGIN_EVENTS, "
            "LAMBDA_NETWORK_LOGS, RUNTIME_MONITORING",
        ),
    ),
    (
        "every repository let in",
        _in("identity", automation={"subjects": ["repo:groundplan/*"]}),
        (
            "groundplan:platform.identity.automation.subjects[0]",
            "repo:groundplan/*",
            "the text has another form",
            "text that matches ^[A-Za-z0-9_./@#-]+(:[A-Za-z0-9_./@#-]+)+$. Each `sub` that is let "
            "in, such as `repo:me/platform:environment:dev`. No patterns.",
        ),
    ),
    (
        "issuer without TLS",
        _in("identity", automation={"issuer": "http://token.example.com", "subjects": ["repo:a/b:ref:c"]}),
        (
            "groundplan:platform.identity.automation.issuer",
            "http://token.example.com",
            "the text has another form",
            "text that matches ^https://[a-z0-9.-]+(/[A-Za-z0-9_./-]*[A-Za-z0-9_-])?$. Address of "
            "the token's issuer. An account has one provider for each.",
        ),
    ),
    (
        "account without its leading zero",
        _in("identity", people_account="23456789012"),
        (
            "groundplan:platform.identity.people_account",
            "23456789012",
            "the text has another form",
            "text that matches ^\\d{12}$. Account that people log in to. Without it, the environment's own.",
        ),
    ),
    (
        "login role without a name",
        _in("identity", login_roles=["aws-reserved/*"]),
        (
            "groundplan:platform.identity.login_roles[0]",
            "aws-reserved/*",
            "the text has another form",
            "text that matches ^([A-Za-z0-9_+=,.@*-]+/)*[A-Za-z0-9_+=,.@-]{4,}\\*?$. Roles, with paths, that "
            "a login gives after a second factor and not else, such as Identity Center's "
            "`aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Engineers_*`. Without any, IAM users alone get "
            "in.",
        ),
    ),
    (
        "account as a number",
        _in("identity", people_account=123456789012),
        (
            "groundplan:platform.identity.people_account",
            123456789012,
            "this is not text",
            "text that matches ^\\d{12}$",
        ),
    ),
    (
        "second factor that lasts for days",
        _in("identity", mfa_max_age_minutes=2880),
        (
            "groundplan:platform.identity.mfa_max_age_minutes",
            2880,
            "input should be less than or equal to 720",
            "a whole number from 15 to 720",
        ),
    ),
    (
        "stream without a form",
        _in("streaming", form="provisoned"),
        (
            "groundplan:platform.streaming.form",
            "provisoned",
            "the value is not known",
            "one of serverless, provisioned",
        ),
    ),
    (
        "broker type of another generation",
        _in("streaming", brokers={"instance_type": "kafka.m5.large"}),
        (
            "groundplan:platform.streaming.brokers.instance_type",
            "kafka.m5.large",
            "the value is not known",
            "one of kafka.t3.small, kafka.m7g.large, kafka.m7g.xlarge, kafka.m7g.2xlarge, "
            "kafka.m7g.4xlarge, kafka.m7g.8xlarge",
        ),
    ),
    (
        "volume larger than a broker has",
        _in("streaming", brokers={"volume_gib": 20000}),
        (
            "groundplan:platform.streaming.brokers.volume_gib",
            20000,
            "input should be less than or equal to 16384",
            "a whole number from 1 to 16384",
        ),
    ),
    (
        "database that shrinks under load",
        _in("data_stores", database={"min_capacity": 8, "max_capacity": 4}),
        (
            "groundplan:platform.data_stores.database.max_capacity",
            4,
            "max_capacity is 4.0, less than min_capacity, which is 8.0",
            "at least 8.0",
        ),
    ),
    (
        "a third of a capacity unit",
        _in("data_stores", database={"min_capacity": 0.3}),
        (
            "groundplan:platform.data_stores.database.min_capacity",
            0.3,
            "input should be a multiple of 0.5",
            "a number from 0.5 to 256",
        ),
    ),
    (
        "database version that is not offered",
        _in("data_stores", database={"engine_version": "13.4"}),
        (
            "groundplan:platform.data_stores.database.engine_version",
            "13.4",
            "the value is not known",
            "17.5",
        ),
    ),
    (
        "cache node of Intel's",
        _in("data_stores", cache={"node_type": "cache.r5.large"}),
        (
            "groundplan:platform.data_stores.cache.node_type",
            "cache.r5.large",
            "the value is not known",
            "one of cache.t4g.micro, cache.t4g.small, cache.t4g.medium, cache.m7g.large, "
            "cache.m7g.xlarge, cache.r7g.large, cache.r7g.xlarge, cache.r7g.2xlarge, "
            "cache.r7g.4xlarge",
        ),
    ),
    (
        "edge by its address",
        lambda platform: platform.update(
            edge={
                "domain": "https://ai.example.com",
                "origin": "a.example.net",
                "standby_origin": "b.example.net",
            }
        ),
        (
            "groundplan:platform.edge.domain",
            "https://ai.example.com",
            "the text has another form",
            "text that matches ^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,24}$. What people "
            "call, such as `ai.example.com`. Its hosted zone is made here: the zone above it has to "
            "delegate to the name servers in the stack's outputs, or the certificate is never issued.",
        ),
    ),
    (
        "edge without a standby",
        lambda platform: platform.update(edge={"domain": "ai.example.com", "origin": "a.example.net"}),
        (
            "groundplan:platform.edge.standby_origin",
            None,
            "the key is missing",
            "text that matches ^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,24}$. What answers "
            "for the region while its gateway is not healthy: the gateway of another region. "
            "It needs a certificate of `domain` as well.",
        ),
    ),
    (
        "zone of the lake that cannot be replicated",
        lambda platform: platform.update(recovery=recovery(zones=["bronze"])),
        (
            "groundplan:platform.recovery.zones[0]",
            "bronze",
            "there is no zone of the lake of this name",
            "one of raw, curated, features, models, checkpoints",
        ),
    ),
    (
        "registry scanned by a word",
        _in("registry", scanning=True),
        (
            "groundplan:platform.registry.scanning",
            True,
            "the value is not known",
            "one of BASIC, ENHANCED",
        ),
    ),
]
