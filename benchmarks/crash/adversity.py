"""AWS throttles, fails, loses answers and shows late; credentials expire; somebody changes things by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks.crash.kills import difference
from benchmarks.crash.stack import STACK, Run, SmallStack
from groundplan.audit.live import from_account
from groundplan.rehearsal.emulator.faults import Faults, faults_file, write
from groundplan.state.check import check_stack

NAME = "crash-trial"


@dataclass(frozen=True, kw_only=True)
class FaultTrial:
    """An `up` of the empty stack under faults.

    Args:
        faults: which.
        succeeded: whether it ended well.
        seconds: how long it took.
        surplus: kinds of which the account holds more or fewer than after a clean run.
        unchanged: whether the preview after that expects no change.
        note: what it printed last, if it failed.
    """

    faults: Faults
    succeeded: bool
    seconds: float
    surplus: dict[str, int]
    unchanged: bool
    note: str = ""


@contextmanager
def faulty(stack: SmallStack, faults: Faults) -> Generator[None]:
    """Faults for as long as the block runs."""
    write(faults_file(stack.world), faults)
    try:
        yield
    finally:
        write(faults_file(stack.world), None)


def fault_trial(stack: SmallStack, faults: Faults, clean: dict[str, int]) -> FaultTrial:
    """Apply the empty stack while AWS misbehaves."""
    began = time.monotonic()
    with faulty(stack, faults):
        run = stack.apply("up")
    seconds = time.monotonic() - began
    return FaultTrial(
        faults=faults,
        succeeded=run.exit_code == 0,
        seconds=round(seconds, 1),
        surplus=difference(stack.counts(), clean),
        unchanged=stack.unchanged(),
        note=run.output[-800:] if run.exit_code else "",
    )


@dataclass(frozen=True, kw_only=True)
class ExpiryTrial:
    """Credentials that expire in the middle of an `up`.

    Args:
        calls: after how many calls.
        failed: whether `up` said so by its exit code.
        lost: kinds that exist more often than state and pending operations know.
        converged: whether, with fresh credentials, the runbook's commands made what a clean run makes.
        again: whether it took a second `up`, after `state adopt --from-preview`.
        note: what went wrong, if anything did.
    """

    calls: int
    failed: bool
    lost: dict[str, int]
    converged: bool
    again: bool = False
    note: str = ""

    @property
    def passed(self) -> bool:
        """It failed loudly, nothing is lost, and it converged."""
        return self.failed and not self.lost and self.converged


def expiry_trial(stack: SmallStack, calls: int, clean: dict[str, int]) -> ExpiryTrial:
    """Let the credentials expire after so many calls, then go on with fresh ones."""
    # The provider repeats 25 times what EC2 refuses so: an hour.
    stack.pulumi("config", "set", "aws:maxRetries", "2")
    with faulty(stack, Faults(expire_after=calls)):
        failed = stack.apply("up")
    stack.pulumi("config", "rm", "aws:maxRetries")
    verdict = check_stack(stack.location)
    runs = [stack.groundplan("state", "adopt", STACK), stack.apply("up")]
    again = runs[-1].exit_code != 0
    if again:  # the provider told nothing of something that it created
        runs = _adopt_what_was_not_told(stack)
    surplus = difference(stack.counts(), clean)
    runs.append(stack.pulumi("preview", "--expect-no-changes"))
    lost = {kind: count for kind, count in surplus.items() if count > 0}
    wrong = [run.output[-800:] for run in runs if run.exit_code] + [str(surplus)] * bool(surplus)
    return ExpiryTrial(
        calls=calls,
        failed=failed.exit_code != 0,
        lost=lost,
        converged=verdict.whole and not wrong,
        again=again,
        note="\n".join([*map(str, verdict.problems), *wrong]),
    )


def _adopt_what_was_not_told(stack: SmallStack) -> list[Run]:
    preview = stack.folder / "preview.json"
    preview.write_text(stack.document("preview", "--json"))
    return [stack.groundplan("state", "adopt", STACK, "--from-preview", str(preview)), stack.apply("up")]


def _client(stack: SmallStack, service: str) -> Any:
    variables = stack.variables
    return boto3.client(
        service,
        region_name=stack.world.region,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        verify=variables["AWS_CA_BUNDLE"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
    )


def drift_report(stack: SmallStack) -> tuple[set[str], set[str]]:
    """Change ten things behind Pulumi's back; names that must be reported, and those that were."""
    ids = {_name(each["urn"]): each.get("id", "") for each in stack.resources()}
    changes: dict[str, Callable[[], Any]] = {
        "BucketVersioning bucket": lambda: _client(stack, "s3").put_bucket_versioning(
            Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}
        ),
        "BucketPublicAccessBlock bucket": lambda: _client(stack, "s3").put_public_access_block(
            Bucket=NAME, PublicAccessBlockConfiguration={"BlockPublicAcls": False, "BlockPublicPolicy": True}
        ),
        "LogGroup training": lambda: _client(stack, "logs").put_retention_policy(
            logGroupName=f"/{NAME}/training", retentionInDays=1
        ),
        "RolePolicy node": lambda: _client(stack, "iam").put_role_policy(
            RoleName=f"{NAME}-node", PolicyName="logs", PolicyDocument=_EVERYTHING
        ),
        "RolePolicyAttachment pods": lambda: _client(stack, "iam").detach_role_policy(
            RoleName=f"{NAME}-pods", PolicyArn=ids["Policy reader"]
        ),
        "Alias key": lambda: _client(stack, "kms").delete_alias(AliasName=f"alias/{NAME}"),
        "Topic alerts": lambda: _client(stack, "sns").tag_resource(
            ResourceArn=ids["Topic alerts"], Tags=[{"Key": "Project", "Value": "another"}]
        ),
        "LifecyclePolicy images": lambda: _client(stack, "ecr").delete_lifecycle_policy(
            repositoryName=f"{NAME}/images"
        ),
        "SecurityGroupIngressRule pods": lambda: _client(stack, "ec2").revoke_security_group_ingress(
            GroupId=ids["SecurityGroup pods"],
            SecurityGroupRuleIds=[ids["SecurityGroupIngressRule pods"]],
        ),
        "Eip address-0": lambda: _client(stack, "ec2").create_tags(
            Resources=[ids["Eip address-0"]], Tags=[{"Key": "Project", "Value": "another"}]
        ),
    }
    for change in changes.values():
        change()
    with patch.dict(os.environ, stack.variables), chdir(stack.folder):
        _, facts = from_account(STACK, lambda _: None)
    return set(changes), {_name(fact.urn) for fact in facts}


def _name(urn: str) -> str:
    """Type and name of a resource, as people say them."""
    _, _, kind, name = urn.split("::", 3)
    return f"{kind.rpartition(':')[2]} {name}"


_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
