"""Tests of the workloads: what holds for every pod, and what makes each of them work."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.infra.recording import ACCOUNT_ID, DIGESTS, REGISTRY, dev_estate

S3 = "s3://groundplan-dev-{}-" + ACCOUNT_ID + "/vision"


def _job(name: str) -> dict[str, Any]:
    """The spec of a CronJob."""
    return dev_estate().one("kubernetes:batch/v1:CronJob", f"vision-{name}").inputs["spec"]


def _deployment() -> dict[str, Any]:
    return dev_estate().one("kubernetes:apps/v1:Deployment").inputs


def _template(service: str) -> dict[str, Any]:
    if service == "inference":
        return _deployment()["spec"]["template"]
    return _job(service)["jobTemplate"]["spec"]["template"]


def _container(service: str) -> dict[str, Any]:
    (container,) = _template(service)["spec"]["containers"]
    return container


def _environment(service: str) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in _container(service)["env"]}


each_service = pytest.mark.parametrize("service", ["ingest", "training", "inference"])


@each_service
def test_pod_has_no_privileges(service: str) -> None:
    """It fits the restricted standard, and its root file system is read-only."""
    pod, container = _template(service)["spec"], _container(service)
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


@each_service
def test_pod_has_its_own_identity_and_no_cluster_token(service: str) -> None:
    """The service account stands for an AWS role; the Kubernetes API is out of reach."""
    pod = _template(service)["spec"]
    assert pod["serviceAccountName"] == service
    assert pod["automountServiceAccountToken"] is False


@each_service
def test_image_is_named_by_digest(service: str) -> None:
    """The digest of the release, in the repository of the environment."""
    expected = f"{REGISTRY}/groundplan-dev/{service}@{DIGESTS[service]}"
    assert _container(service)["image"] == expected


@each_service
def test_scratch_space_is_limited(service: str) -> None:
    """What can be written to has a size, so that one pod cannot fill its node."""
    volumes = _template(service)["spec"]["volumes"]
    assert all("sizeLimit" in volume["emptyDir"] for volume in volumes)
    mounted = {mount["name"] for mount in _container(service)["volumeMounts"]}
    assert mounted == {volume["name"] for volume in volumes}


@pytest.mark.parametrize(
    ("service", "cpu", "gpus"),
    [("ingest", "200m", None), ("training", "400m", "1"), ("inference", "250m", "1")],
)
def test_pod_requests_what_it_needs(service: str, cpu: str, gpus: str | None) -> None:
    """CPU, memory and GPUs; memory and GPUs are not overcommitted."""
    resources = _container(service)["resources"]
    assert resources["requests"]["cpu"] == cpu
    assert resources["requests"]["memory"] == resources["limits"]["memory"]
    assert resources["requests"].get("nvidia.com/gpu") == resources["limits"].get("nvidia.com/gpu") == gpus


@each_service
def test_pod_goes_to_its_tenants_pool(service: str) -> None:
    """The label chooses the nodes, the toleration lets it in."""
    pod = _template(service)["spec"]
    group = dev_estate().one("aws:eks/nodeGroup:NodeGroup", "groundplan-dev-gpu").inputs
    assert pod["nodeSelector"] == group["labels"]
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


@each_service
def test_aws_endpoint_may_be_overridden_from_outside(service: str) -> None:
    """By a ConfigMap that need not be there."""
    assert _container(service)["envFrom"] == [{"configMapRef": {"name": "aws-endpoint", "optional": True}}]


def test_jobs_are_templates() -> None:
    """They never start by themselves, and a run is never retried in place."""
    for service in ("ingest", "training"):
        spec = _job(service)
        assert spec["suspend"] is True
        assert spec["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("service", ["ingest", "training"])
def test_drained_nodes_do_not_count_and_wrong_settings_are_not_retried(service: str) -> None:
    """The failure policy tells apart what is nobody's fault and what another attempt cannot mend."""
    ignore, fail = _job(service)["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (ignore["action"], ignore["onPodConditions"]) == (
        "Ignore",
        [{"type": "DisruptionTarget", "status": "True"}],
    )
    assert (fail["action"], fail["onExitCodes"]) == ("FailJob", {"operator": "In", "values": [2]})


def test_ingest_knows_where_from_and_where_to() -> None:
    """Its tenant's prefixes of two zones."""
    environment = _environment("ingest")
    assert environment["LAKE_RAW_URI"] == S3.format("raw")
    assert environment["LAKE_CURATED_URI"] == S3.format("curated")
    assert environment["DATASET"] == "digits"


def test_training_pods_find_each_other() -> None:
    """An Indexed Job of two, a headless Service, and the first pod's name as rendezvous."""
    job = _job("training")["jobTemplate"]["spec"]
    assert (job["completionMode"], job["completions"], job["parallelism"]) == ("Indexed", 2, 2)
    service = dev_estate().one("kubernetes:core/v1:Service", "vision-training-peers").inputs
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"].items() <= _template("training")["metadata"]["labels"].items()
    assert _template("training")["spec"]["subdomain"] == service["metadata"]["name"]
    environment = _environment("training")
    assert environment["RENDEZVOUS_HOST"] == "$(RUN_ID)-0.training"
    assert environment["RUN_ID"] == {
        "fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}
    }


def test_what_a_variable_refers_to_stands_before_it() -> None:
    """Kubernetes expands `$(RUN_ID)` only if `RUN_ID` comes first."""
    names = list(_environment("training"))
    assert names.index("RUN_ID") < names.index("RENDEZVOUS_HOST")


def test_training_takes_its_settings() -> None:
    """Every hyperparameter of the stack file reaches the process."""
    environment = _environment("training")
    expected = {
        "NODE_COUNT": "2",
        "PROCESSES_PER_NODE": "1",
        "EPOCHS": "30",
        "BATCH_SIZE": "64",
        "LEARNING_RATE": "0.002",
        "SEED": "0",
        "CHECKPOINT_INTERVAL_STEPS": "50",
        "CHECKPOINTS_URI": S3.format("checkpoints"),
        "MODELS_URI": S3.format("models"),
        "CODE_VERSION": DIGESTS["training"],
    }
    assert expected.items() <= environment.items()


@pytest.mark.parametrize("service", ["training", "inference"])
def test_models_are_signed_and_verified_with_the_tenants_key(service: str) -> None:
    """The same one, on both sides."""
    key = "arn:of:aws:kms/key:Key:groundplan-dev-vision-model-signing"
    assert _environment(service)["MODEL_SIGNING_KEY"] == key


def test_deploying_does_not_wait_for_a_model() -> None:
    """A server without a model is as it should be; its Service has no ready endpoint either."""
    endpoint = dev_estate().one("kubernetes:core/v1:Service", "vision-inference").inputs
    for awaited in (_deployment(), endpoint):
        assert awaited["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_replicas_belong_to_the_autoscaler() -> None:
    """From 2 to 20 at 70 % CPU; the Deployment does not say how many."""
    assert "replicas" not in _deployment()["spec"]
    spec = dev_estate().one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler").inputs["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 20)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    assert spec["scaleTargetRef"]["name"] == _deployment()["metadata"]["name"]


def test_readiness_is_the_models_and_liveness_the_supervisors() -> None:
    """No request before the model is loaded, and no restart for waiting."""
    container = _container("inference")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8000, "grpc": 8001, "metrics": 8002, "health": 8003}
    assert container["readinessProbe"]["httpGet"] == {"path": "/v2/models/digits/ready", "port": "http"}
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/live", "port": "health"}


def test_the_endpoint_is_internal_and_for_named_callers() -> None:
    """An internal load balancer for two ports; metrics have a Service of their own."""
    estate = dev_estate()
    endpoint = estate.one("kubernetes:core/v1:Service", "vision-inference").inputs
    annotations = endpoint["metadata"]["annotations"]
    assert annotations["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    assert endpoint["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]
    assert [port["port"] for port in endpoint["spec"]["ports"]] == [8000, 8001]
    metrics = estate.one("kubernetes:core/v1:Service", "vision-inference-metrics").inputs["spec"]
    assert (metrics["clusterIP"], [port["port"] for port in metrics["ports"]]) == ("None", [8002])


def test_one_replica_at_a_time_is_disturbed() -> None:
    """By drains and by roll-outs alike; a roll-out needs no spare GPU."""
    budget = dev_estate().one("kubernetes:policy/v1:PodDisruptionBudget").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == _deployment()["spec"]["selector"]
    assert _deployment()["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_replicas_are_spread() -> None:
    """Over zones and over nodes, as far as there are any."""
    keys = [spread["topologyKey"] for spread in _template("inference")["spec"]["topologySpreadConstraints"]]
    assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_the_outputs_are_what_others_rely_on() -> None:
    """Names and shape of the stack's outputs are an interface."""
    assert dev_estate().result == {
        "region": "eu-central-1",
        "cluster_name": "groundplan-dev",
        "audit": {
            "bucket": f"groundplan-dev-audit-{ACCOUNT_ID}",
            "trail_arn": "arn:of:aws:cloudtrail/trail:Trail:groundplan-dev-audit",
        },
        "lake": {
            zone: f"groundplan-dev-{zone}-{ACCOUNT_ID}"
            for zone in ("raw", "curated", "features", "models", "checkpoints")
        },
        "databases": {
            "vision": {zone: f"groundplan_dev_vision_{zone}" for zone in ("curated", "features")},
        },
        "workgroups": {"vision": "groundplan-dev-vision"},
        "access_points": {
            "vision": {
                zone: f"dev-{zone}-vision-s3alias"
                for zone in ("raw", "curated", "features", "models", "checkpoints")
            },
        },
        "streaming": {"bootstrap_brokers": "boot.groundplan-dev.example:9098"},
        "cache": {"endpoint": "master.groundplan-dev-cache.example"},
        "alerts_topic_arn": "arn:of:aws:sns/topic:Topic:groundplan-dev-alerts",
        "backup_vault": "groundplan-dev-backups",
        "metrics_endpoint": "https://groundplan-dev.aps.example/",
        "database": {"endpoint": "groundplan-dev-metadata.cluster.example"},
        "dashboards": {
            "url": "https://groundplan-dev-dashboards.grafana.example",
            "private_name": "groundplan-dev-dashboards.vpce.example",
        },
        "model_signing_keys": {"vision": "arn:of:aws:kms/key:Key:groundplan-dev-vision-model-signing"},
        "signing_profile_arn": "arn:of:aws:signer/signingProfile:SigningProfile:groundplan-dev-images",
        "image_repositories": {service: f"{REGISTRY}/groundplan-dev/{service}" for service in DIGESTS},
        "tenants": {
            "vision": {
                "namespace": "tenant-vision",
                "ingest": "ingest",
                "training": "training",
                "inference": {"service": "inference", "http_port": 8000, "grpc_port": 8001},
            }
        },
    }
