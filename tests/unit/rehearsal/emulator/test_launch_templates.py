"""Launch templates as the AWS provider reads them back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rehearsal.emulator.emulated import Emulated


@pytest.mark.parametrize("launched", [[], ["instance", "volume"]])
def test_a_launch_template_keeps_its_tags_apart(aws: Emulated, launched: list[str]) -> None:
    """Its own tags are told of it, and those of what it launches are told of its data, in their order."""
    ec2, tags = aws.client("ec2"), [{"Key": "a", "Value": "b"}]
    data: dict[str, Any] = {"InstanceType": "m7g.large"}
    if launched:
        data["TagSpecifications"] = [{"ResourceType": kind, "Tags": tags} for kind in launched]
    own = [{"Key": "own", "Value": "yes"}]
    template = ec2.create_launch_template(
        LaunchTemplateName=f"tagged-{len(launched)}",
        LaunchTemplateData=data,
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": own}],
    )["LaunchTemplate"]
    name = template["LaunchTemplateName"]
    [told] = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    assert template["Tags"] == told["Tags"] == own
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert versions[0]["LaunchTemplateData"].get("TagSpecifications", []) == data.get("TagSpecifications", [])
