"""Managed collectors of Amazon Managed Service for Prometheus, which moto 5.2.5 does not have."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from moto.amp import urls as amp_urls
from moto.amp.exceptions import AmpException, ResourceNotFoundException
from moto.amp.responses import PrometheusServiceResponse
from moto.moto_api._internal import mock_random

from groundplan.rehearsal.emulator.deployer_record import PROVIDER
from groundplan.rehearsal.emulator.eks import access
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.eks.errors import EksError
from groundplan.rehearsal.emulator.eks.store import Cluster, EksStore
from groundplan.rehearsal.emulator.patching import add, kept_in
from groundplan.rehearsal.emulator.scrape_configurations import problems_in

_LINKED_SERVICE = "scraper.aps.amazonaws.com"
_ROLE = "AWSServiceRoleForAmazonPrometheusScraper"
_LEAST_ZONES = 2
_INTERFACE_TAG = "AMPAgentlessScraper"
"""What AWS knows a collector's network interfaces by."""
_DEFAULT_CONFIGURATION = """\
global:
  scrape_interval: 30s
scrape_configs:
  - job_name: pods
    kubernetes_sd_configs:
      - role: pod
"""


class ScraperNotFoundError(ResourceNotFoundException):
    """There is no collector of this id."""

    code = 404

    def __init__(self, name: str) -> None:
        super().__init__("Scraper not found", resource_id=name, resource_type="AWS::APS::Scraper")


class InvalidError(AmpException):
    """A value that AWS does not take."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)
        self.description = json.dumps({"message": message, "reason": "FIELD_VALIDATION_FAILED"})


def install(store: EksStore) -> None:
    """Let moto's server answer for collectors of clusters in this store, and in those of other regions.

    Call it before the first request.
    """

    def with_cluster(method: Callable[..., str]) -> Callable[..., str]:
        return lambda response: method(response, store.there(response.region))

    add(
        PrometheusServiceResponse,
        create_scraper=with_cluster(create_scraper),
        delete_scraper=with_cluster(delete_scraper),
        describe_scraper=describe_scraper,
        get_default_scraper_configuration=get_default_scraper_configuration,
        list_scrapers=list_scrapers,
        update_scraper=update_scraper,
    )
    paths: dict[str, Any] = amp_urls.url_paths  # moto infers a narrower type from its own handlers
    for path in ("scrapers", "scrapers/(?P<scraper_id>[^/]+)", "scraperconfiguration"):
        paths[f"{{0}}/{path}$"] = PrometheusServiceResponse.dispatch


def _asked(response: Any) -> dict[str, Any]:
    return json.loads(response.body or "{}")


def _scrapers(response: Any) -> dict[str, dict[str, Any]]:
    return kept_in(response.amp_backend, "scrapers")


def _named(response: Any) -> dict[str, Any]:
    name = response.path.rpartition("/")[2]
    if name not in _scrapers(response):
        raise ScraperNotFoundError(name)
    return _scrapers(response)[name]


def _told(response: Any, scraper: dict[str, Any], *members: str) -> dict[str, Any]:
    """Some members of a collector, or all that AWS tells of one."""
    whole = scraper | {"tags": response.amp_backend.list_tags_for_resource(scraper["arn"])}
    return {name: value for name, value in whole.items() if name in members or not members}


def create_scraper(response: Any, store: EksStore) -> str:
    """Create a collector, with all that AWS makes for it; it is active at once."""
    asked = _asked(response)
    source = asked["source"].get("eksConfiguration")
    if source is None:
        raise InvalidError("The emulator of the rehearsal has collectors of EKS clusters only.")
    account = Account(response.current_account, response.region)
    cluster = _check_source(source, store, account)
    _check_workspace(response, asked)
    _check_configuration(asked)
    name = f"s-{mock_random.uuid4()}"
    role = _create_role(account)
    _admit(store, cluster, role)
    source = {"securityGroupIds": _default_groups(cluster)} | source
    _create_interfaces(account, source, name)
    scraper = {
        "scraperId": name,
        "arn": f"arn:aws:aps:{response.region}:{response.current_account}:scraper/{name}",
        "roleArn": role,
        "status": {"statusCode": "ACTIVE"},
        "createdAt": time.time(),
        "lastModifiedAt": time.time(),
        **{key: asked[key] for key in ("alias", "destination", "scrapeConfiguration") if asked.get(key)},
        "source": {"eksConfiguration": source},
    }
    _scrapers(response)[name] = scraper
    response.amp_backend.tag_resource(scraper["arn"], asked.get("tags") or {})
    return json.dumps(_told(response, scraper, "scraperId", "arn", "status", "tags"))


def describe_scraper(response: Any) -> str:
    """All of one."""
    return json.dumps({"scraper": _told(response, _named(response))})


def list_scrapers(response: Any) -> str:
    """All but the configuration of each."""
    told = [_told(response, scraper) for scraper in _scrapers(response).values()]
    for one in told:
        del one["scrapeConfiguration"]
    return json.dumps({"scrapers": told})


def get_default_scraper_configuration(_: Any) -> str:
    """A configuration to begin with; AWS' own is longer."""
    return json.dumps({"configuration": base64.b64encode(_DEFAULT_CONFIGURATION.encode()).decode()})


def update_scraper(response: Any) -> str:
    """Change where samples go, what is scraped, and the alias; never the source."""
    scraper, asked = _named(response), _asked(response)
    if asked.get("destination"):
        _check_workspace(response, asked)
    if asked.get("scrapeConfiguration"):
        _check_configuration(asked)
    scraper |= {key: asked[key] for key in ("alias", "destination", "scrapeConfiguration") if asked.get(key)}
    scraper["lastModifiedAt"] = time.time()
    return json.dumps(_told(response, scraper, "scraperId", "arn", "status", "tags"))


def delete_scraper(response: Any, store: EksStore) -> str:
    """Delete one, and what AWS made for it.

    The AWS provider does not look for eight minutes then, for AWS takes longer. Here it is gone at once, and
    the provider is told so: as after its own repeated call, which it takes for the end.
    """
    scraper = _named(response)
    account = Account(response.current_account, response.region)
    cluster = store.clusters.get(_cluster_name(scraper["source"]["eksConfiguration"]))
    if cluster and cluster.access_entries.pop(scraper["roleArn"], None):
        cluster.access_policies.pop(scraper["roleArn"], None)
        store.notify()
    account.iam.delete_role(scraper["roleArn"].rpartition("/")[2])
    for interface in [one for one in account.ec2.enis.values() if _is_of(one, scraper["scraperId"])]:
        account.ec2.delete_network_interface(interface.id)
    del _scrapers(response)[scraper["scraperId"]]
    if PROVIDER in response.headers.get("User-Agent", ""):
        raise ScraperNotFoundError(scraper["scraperId"])
    return json.dumps({"scraperId": scraper["scraperId"], "status": {"statusCode": "DELETING"}})


# --- what AWS makes for a collector ------------------------------------------------------------------
def _create_role(account: Account) -> str:
    """The service-linked role of one collector."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": _LINKED_SERVICE}, "Action": "sts:AssumeRole"}
        ],
    }
    role = account.iam.create_role(
        f"{_ROLE}_{str(mock_random.uuid4())[:15]}",
        json.dumps(trust),
        f"/aws-service-role/{_LINKED_SERVICE}/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
        linked_service=_LINKED_SERVICE,
    )
    return role.arn


def _admit(store: EksStore, cluster: Cluster, role: str) -> None:
    """Let the role into the cluster, if the cluster knows access entries."""
    if cluster.record["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        return
    access.admit(store, cluster, role)
    association = access.new_association(access.SCRAPER_POLICY, {"type": "cluster", "namespaces": []})
    cluster.access_policies[role] = {access.SCRAPER_POLICY: association}
    store.notify()


def _create_interfaces(account: Account, source: dict[str, Any], name: str) -> None:
    for subnet_id in source["subnetIds"]:
        account.ec2.create_network_interface(
            account.ec2.get_subnet(subnet_id),
            None,
            group_ids=source["securityGroupIds"],
            description=f"Collector {name}",
            tags={_INTERFACE_TAG: name},
        )


def _is_of(interface: Any, name: str) -> bool:
    return (_INTERFACE_TAG, name) in {(tag["key"], tag["value"]) for tag in interface.get_tags()}


# --- what AWS does not take --------------------------------------------------------------------------
# https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html
def _cluster_name(source: dict[str, Any]) -> str:
    return source["clusterArn"].rpartition("/")[2]


def _default_groups(cluster: Cluster) -> list[str]:
    return [cluster.record["resourcesVpcConfig"]["clusterSecurityGroupId"]]


def _check_source(source: dict[str, Any], store: EksStore, account: Account) -> Cluster:
    """The cluster, if it can be scraped from these subnets with these security groups."""
    cluster = store.clusters.get(_cluster_name(source))
    if cluster is None or cluster.record["arn"] != source["clusterArn"]:
        raise InvalidError(f"EKS cluster {source['clusterArn']} does not exist")
    network = cluster.record["resourcesVpcConfig"]
    if not network["endpointPrivateAccess"]:
        raise InvalidError(f"EKS cluster {source['clusterArn']} has no private endpoint")
    try:
        subnets = account.require_subnets(source["subnetIds"])
    except EksError as error:
        raise InvalidError(str(error)) from error
    if len({subnet.availability_zone for subnet in subnets}) < _LEAST_ZONES:
        raise InvalidError("At least two subnets, in at least two Availability Zones, must be provided")
    if {subnet.vpc_id for subnet in subnets} != {network["vpcId"]}:
        raise InvalidError("The subnets must belong to the VPC of the EKS cluster")
    for group in source.get("securityGroupIds") or []:
        if account.ec2.get_security_group_from_id(group) is None:
            raise InvalidError(f"Security group {group} does not exist")
    return cluster


def _check_workspace(response: Any, asked: dict[str, Any]) -> None:
    destination = asked["destination"].get("ampConfiguration")
    if destination is None:
        raise InvalidError("The emulator of the rehearsal has collectors for workspaces only.")
    arn = destination["workspaceArn"]
    if arn not in {workspace.arn for workspace in response.amp_backend.workspaces.values()}:
        raise InvalidError(f"Workspace {arn} does not exist")


def _check_configuration(asked: dict[str, Any]) -> None:
    wrong = list(problems_in(asked["scrapeConfiguration"]["configurationBlob"]))
    if wrong:
        raise InvalidError(f"The scrape configuration is invalid: {'; '.join(wrong)}")
