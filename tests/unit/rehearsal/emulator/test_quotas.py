"""Requests for higher quotas, as we added them to moto."""

from __future__ import annotations

from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import Emulated


def test_what_was_asked_for_is_listed(aws: Emulated) -> None:
    """By service; nobody decides."""
    client = checked_client(aws, "service-quotas")
    for service, quota, value in (("ec2", "L-DB2E81BA", 288.0), ("vpc", "L-F678F1CE", 10.0)):
        made = client.request_service_quota_increase(
            ServiceCode=service, QuotaCode=quota, DesiredValue=value
        )["RequestedQuota"]
        assert (made["Status"], made["DesiredValue"]) == ("PENDING", value)
    listed = client.list_requested_service_quota_change_history(ServiceCode="ec2")["RequestedQuotas"]
    assert [each["QuotaCode"] for each in listed] == ["L-DB2E81BA"]
    assert len(client.list_requested_service_quota_change_history()["RequestedQuotas"]) == 2
