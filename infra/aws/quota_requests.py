"""Requests for the quotas of EC2 that an environment counts on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws.servicequotas.service_quota import ServiceQuota

from infra.conventions import ComponentType, physical_name, registered


@dataclass(frozen=True, kw_only=True)
class QuotaRequestsArgs:
    """What is asked for.

    Args:
        environment: part of every name.
        vcpus: virtual CPUs by code of Service Quotas.
    """

    environment: str
    vcpus: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class QuotaRequestsOutputs:
    """How each request stands, by code: nothing where the account has as much already."""

    statuses: pulumi.Output[dict[str, str]]


class QuotaRequests(pulumi.ComponentResource):
    """Asks Service Quotas for what the account lacks of these figures, once for each figure.

    People at AWS decide, within minutes or days. Until then `up` says that it is done, and nodes beyond the
    old quota do not start: node groups fail with VcpuLimitExceeded, Karpenter's pods wait. An account that
    has as much is not asked for; one that has more is refused with "value less than current", for then the
    figure is wrong. A quota of which a request is open already is refused by AWS until that one is decided.
    Quotas stay when the stack goes.

    What AWS grants beyond or below the figure afterwards is its business: EC2 raises quotas by itself, and to
    ask for less than there is fails. So a request is never changed; another figure is another request.

    https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html
    """

    def __init__(
        self, name: str, args: QuotaRequestsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.QUOTA_REQUESTS, name, None, opts)
        child = pulumi.ResourceOptions(parent=self, ignore_changes=["value"])
        requests = {
            code: ServiceQuota(
                f"{physical_name(args.environment, name)}-{code}-{vcpus}",
                service_code="ec2",
                quota_code=code,
                value=vcpus,
                opts=child,
            )
            for code, vcpus in args.vcpus.items()
        }
        statuses = {code: request.request_status for code, request in requests.items()}
        self.outputs = QuotaRequestsOutputs(statuses=pulumi.Output.all(**statuses))
        self.register_outputs(registered(self.outputs))
