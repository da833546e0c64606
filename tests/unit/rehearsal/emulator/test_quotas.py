"""Quotas of EC2 and requests for higher ones, as we added them to moto."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.unit.rehearsal.emulator.checked import checked_client
from tests.unit.rehearsal.emulator.emulated import ACCOUNT_ID, REGION, Emulated

G = {"ServiceCode": "ec2", "QuotaCode": "L-DB2E81BA"}
STANDARD = {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"}


def test_what_was_asked_for_is_listed(aws: Emulated) -> None:
    """By service, by quota and by its id; nobody decides."""
    client = checked_client(aws, "service-quotas")
    for service, quota, value in (("ec2", "L-DB2E81BA", 288.0), ("vpc", "L-F678F1CE", 10.0)):
        made = client.request_service_quota_increase(
            ServiceCode=service, QuotaCode=quota, DesiredValue=value
        )["RequestedQuota"]
        assert (made["Status"], made["DesiredValue"]) == ("PENDING", value)
        told = client.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"]
        assert told == made
    listed = client.list_requested_service_quota_change_history(ServiceCode="ec2")["RequestedQuotas"]
    assert [each["QuotaCode"] for each in listed] == ["L-DB2E81BA"]
    assert len(client.list_requested_service_quota_change_history()["RequestedQuotas"]) == 2
    of_quota = client.list_requested_service_quota_change_history_by_quota(**G)["RequestedQuotas"]
    assert of_quota == listed
    with pytest.raises(ClientError, match="NoSuchResource"):
        client.get_requested_service_quota_change(RequestId="none")


def test_a_new_account_may_run_no_gpu(aws: Emulated) -> None:
    """And five virtual CPUs of the common kinds; a request changes nothing before somebody decides."""
    client = checked_client(aws, "service-quotas")
    for quota, value in ((G, 0), (STANDARD, 5)):
        told = client.get_service_quota(**quota)["Quota"]
        assert (told["Value"], told["Adjustable"]) == (value, True)
        assert told["QuotaArn"] == f"arn:aws:servicequotas:{REGION}:{ACCOUNT_ID}:ec2/{quota['QuotaCode']}"
        assert client.get_aws_default_service_quota(**quota)["Quota"]["Value"] == value
    codes = {each["QuotaCode"] for each in client.list_service_quotas(ServiceCode="ec2")["Quotas"]}
    assert {G["QuotaCode"], STANDARD["QuotaCode"]} <= codes
    assert client.list_service_quotas(ServiceCode="vpc")["Quotas"]


@pytest.mark.parametrize(
    ("value", "message"), [(4, "greater than the current"), (5, "greater than the current")]
)
def test_less_than_there_is_cannot_be_asked_for(aws: Emulated, value: int, message: str) -> None:
    """Nor as much."""
    with pytest.raises(ClientError, match=message):
        aws.client("service-quotas").request_service_quota_increase(**STANDARD, DesiredValue=value)


def test_one_request_of_a_quota_is_open_at_a_time(aws: Emulated) -> None:
    """Also for the same value."""
    client = aws.client("service-quotas")
    spot = {"ServiceCode": "ec2", "QuotaCode": "L-3819A6DF"}
    client.request_service_quota_increase(**spot, DesiredValue=288)
    for value in (288, 384):
        with pytest.raises(ClientError, match="Only one open service quota increase request"):
            client.request_service_quota_increase(**spot, DesiredValue=value)


def test_there_are_no_quotas_that_aws_does_not_have(aws: Emulated) -> None:
    """Of EC2: whoever asks for one by a wrong code hears so."""
    with pytest.raises(ClientError, match="NoSuchResource"):
        aws.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")
