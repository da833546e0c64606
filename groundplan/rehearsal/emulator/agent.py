"""The pod identity agent: changes a pod's service account token into credentials of its role."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from moto.sts.models import sts_backends
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from groundplan.rehearsal.emulator.eks import pod_identity
from groundplan.rehearsal.emulator.eks.account import Account, trusts
from groundplan.rehearsal.emulator.eks.store import EksStore, unique_id
from groundplan.rehearsal.emulator.webhooks.server import SilentRequestHandler

log = logging.getLogger(__name__)

_SESSION_S = 6 * 60 * 60
_MAX_SESSION_NAME = 64
_SERVICE = "pods.eks.amazonaws.com"


@dataclass(frozen=True)
class Pod:
    """Whom a token belongs to.

    Args:
        name: the pod that the token was projected into; empty if it was asked for by hand.
    """

    namespace: str
    service_account: str
    name: str = ""


class CredentialsRefusedError(Exception):
    """No credentials for this request.

    Args:
        status: the HTTP status to answer with.
        reason: why; holds nothing of the token.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PodIdentityAgent:
    """Serves `GET /v1/credentials` by the container credentials protocol.

    Args:
        store: the associations.
        address: IP address to listen on.
        port: TCP port; 0 picks a free one.
        review: tells whose token it is, or None for a token that is not valid.
    """

    def __init__(
        self, store: EksStore, *, address: str, port: int, review: Callable[[str], Pod | None]
    ) -> None:
        self._store = store
        self._review = review
        self._server = make_server(
            address,
            port,
            Request.application(self._answer),
            threaded=True,
            request_handler=SilentRequestHandler,
        )
        self.port: int = self._server.server_port

    def _answer(self, request: Request) -> Response:
        if request.path != "/v1/credentials" or request.method != "GET":
            return Response("not found\n", status=404)
        try:
            credentials = self.credentials(request.headers.get("Authorization", ""))
        except CredentialsRefusedError as refusal:
            log.info("credentials refused: %s", refusal)
            return Response(f"{refusal}\n", status=refusal.status)
        return Response(
            json.dumps(credentials), mimetype="application/json", headers={"Cache-Control": "no-store"}
        )

    def credentials(self, token: str) -> Mapping[str, Any]:
        """Credentials of the role that is associated with the token's service account.

        Raises:
            CredentialsRefusedError: no valid token, no association, or a role that does not trust EKS' pods.
        """
        pod = self._review(token) if token else None
        if pod is None:
            raise CredentialsRefusedError(401, "the service account token is missing or not valid")
        association = pod_identity.find(self._store, pod.namespace, pod.service_account)
        if association is None:
            raise CredentialsRefusedError(404, f"no association for {pod.namespace}/{pod.service_account}")
        account = Account(self._store.account_id, self._store.region)
        role = account.role(association["roleArn"])
        if role is None or not all(
            trusts(role, _SERVICE, f"sts:{action}") for action in ("AssumeRole", "TagSession")
        ):
            raise CredentialsRefusedError(
                400, f"{association['roleArn']} does not let {_SERVICE} do sts:AssumeRole and sts:TagSession"
            )
        arn = association.get("targetRoleArn") or association["roleArn"]
        if account.role(arn) is None:
            raise CredentialsRefusedError(400, f"{arn} does not exist")
        return self._assume(arn, f"eks-{association['clusterName']}-{pod.name or pod.service_account}")

    def _assume(self, role_arn: str, session_prefix: str) -> Mapping[str, Any]:
        suffix = f"-{unique_id()}"
        session = sts_backends[self._store.account_id]["aws"].assume_role(
            region_name=self._store.region,
            role_session_name=session_prefix[: _MAX_SESSION_NAME - len(suffix)] + suffix,
            role_arn=role_arn,
            policy="",
            duration=_SESSION_S,
            external_id="",
        )
        log.info("credentials for %s", session.arn)
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "Token": session.session_token,
            "AccountId": self._store.account_id,
            "Expiration": session.expiration.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, name="pod-identity-agent", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
