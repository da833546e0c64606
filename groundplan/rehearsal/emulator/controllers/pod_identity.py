"""Registers the pod identity webhook, readies namespaces for it, and reviews the agent's tokens."""

from __future__ import annotations

import base64
from typing import ClassVar

from kubernetes.client import (
    AdmissionregistrationV1Api,
    AdmissionregistrationV1WebhookClientConfig,
    ApiClient,
    AuthenticationV1Api,
    CoreV1Api,
    V1ConfigMap,
    V1LabelSelector,
    V1LabelSelectorRequirement,
    V1MutatingWebhook,
    V1MutatingWebhookConfiguration,
    V1ObjectMeta,
    V1RuleWithOperations,
    V1TokenReview,
    V1TokenReviewSpec,
)
from kubernetes.client.exceptions import ApiException

from groundplan.rehearsal.emulator.agent import Pod
from groundplan.rehearsal.emulator.controllers.loop import Controller
from groundplan.rehearsal.emulator.webhooks.pods import (
    AUDIENCE,
    AUTHORITY_CONFIG_MAP,
    AUTHORITY_FILE,
    ENDPOINT_CONFIG_MAP,
)
from groundplan.rehearsal.world import World

WEBHOOK = "pod-identity-webhook"
_LABELS = {"app.kubernetes.io/managed-by": "groundplan-rehearsal"}
_CONFLICT = 409
_NOT_FOUND = 404
_USER_PREFIX = "system:serviceaccount:"
_POD_NAME = "authentication.kubernetes.io/pod-name"


class PodIdentityController(Controller):
    """Keeps the webhook registered.

    Its failure policy is Fail: a pod admitted without credentials would fail later, for no visible reason.
    The emulator is always there while the cluster is: a rehearsal whose emulator died begins anew.

    Args:
        client: connection to the API server.
        world: the rehearsal.
    """

    name: ClassVar[str] = "pod-identity"

    def __init__(self, client: ApiClient, world: World) -> None:
        super().__init__(client)
        self._world = world
        self._url = f"https://127.0.0.1:{world.ports.emulator_webhook}/mutate-pods"
        self._admission = AdmissionregistrationV1Api(client)
        self._core = CoreV1Api(client)
        self._authentication = AuthenticationV1Api(client)

    def reconcile(self) -> None:
        """Register the webhook, or put its registration right."""
        wanted = self.as_json(self._configuration())
        try:
            present = self.as_json(self._admission.read_mutating_webhook_configuration(WEBHOOK))
        except ApiException as error:
            if error.status != _NOT_FOUND:
                raise
            self._admission.create_mutating_webhook_configuration(wanted)
            return
        wanted["metadata"]["resourceVersion"] = present["metadata"]["resourceVersion"]
        if present["webhooks"] != wanted["webhooks"]:
            self._admission.replace_mutating_webhook_configuration(WEBHOOK, wanted)

    def _configuration(self) -> V1MutatingWebhookConfiguration:
        authority = base64.b64encode((self._world.pki / "ca.crt").read_bytes()).decode()
        not_system = V1LabelSelectorRequirement(
            key="kubernetes.io/metadata.name", operator="NotIn", values=["kube-system"]
        )
        webhook = V1MutatingWebhook(
            name="pod-identity.groundplan.dev",
            admission_review_versions=["v1"],
            client_config=AdmissionregistrationV1WebhookClientConfig(url=self._url, ca_bundle=authority),
            failure_policy="Fail",
            match_policy="Equivalent",
            namespace_selector=V1LabelSelector(match_expressions=[not_system]),
            object_selector=V1LabelSelector(),
            reinvocation_policy="IfNeeded",
            rules=[
                V1RuleWithOperations(
                    api_groups=[""],
                    api_versions=["v1"],
                    operations=["CREATE"],
                    resources=["pods"],
                    scope="Namespaced",
                )
            ],
            side_effects="NoneOnDryRun",
            timeout_seconds=10,
        )
        return V1MutatingWebhookConfiguration(
            metadata=V1ObjectMeta(name=WEBHOOK, labels=_LABELS), webhooks=[webhook]
        )

    def prepare_namespace(self, namespace: str) -> None:
        """Make sure that the ConfigMaps with address and certificate authority of the AWS APIs are there."""
        endpoint = {"AWS_ENDPOINT_URL": self._world.aws_endpoint_url, "AWS_CA_BUNDLE": str(AUTHORITY_FILE)}
        authority = {AUTHORITY_FILE.name: self._world.certificate_authority.read_text()}
        self._ensure_config_map(namespace, AUTHORITY_CONFIG_MAP, authority)
        self._ensure_config_map(namespace, ENDPOINT_CONFIG_MAP, endpoint)

    def _ensure_config_map(self, namespace: str, name: str, data: dict[str, str]) -> None:
        metadata = V1ObjectMeta(name=name, namespace=namespace, labels=_LABELS)
        config_map = V1ConfigMap(metadata=metadata, data=data)
        try:
            self._core.create_namespaced_config_map(namespace, config_map)
        except ApiException as error:
            if error.status != _CONFLICT:
                raise

    def review(self, token: str) -> Pod | None:
        """Whose token it is, if it is one for the pod identity agent."""
        review = V1TokenReview(spec=V1TokenReviewSpec(token=token, audiences=[AUDIENCE]))
        status = self.as_json(self._authentication.create_token_review(review))["status"]
        user = status.get("user", {})
        if not status.get("authenticated") or AUDIENCE not in status.get("audiences", []):
            return None
        if not user["username"].startswith(_USER_PREFIX):
            return None
        namespace, service_account = user["username"].removeprefix(_USER_PREFIX).split(":")
        names = user.get("extra", {}).get(_POD_NAME) or [""]
        return Pod(namespace=namespace, service_account=service_account, name=names[0])
