"""Who a token of `aws eks get-token` belongs to: checked by STS, mapped by the cluster's access entries."""

from __future__ import annotations

import base64
import http.client
import re
import ssl
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from groundplan.rehearsal.emulator.eks import access
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.eks.store import Cluster, EksStore

_PREFIX = "k8s-aws-v1."
_MAX_TOKEN_CHARACTERS = 8192
_MAX_EXPIRES_S = 900
_CLUSTER_HEADER = "x-k8s-aws-id"
_PARAMETERS = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
}
_STS_TIMEOUT_S = 8


class TokenRefusedError(Exception):
    """A token that logs nobody in. The message says why, and holds nothing of the token."""


@dataclass(frozen=True)
class User:
    """A Kubernetes user as the API server wants it.

    Args:
        name: user name of the access entry, its template filled in.
        uid: account and principal, stable over sessions.
        groups: groups of the access entry and one for its access policies.
        extra: the AWS identity behind it, for the audit log.
    """

    name: str
    uid: str
    groups: tuple[str, ...]
    extra: dict[str, list[str]]


@dataclass(frozen=True)
class Caller:
    """What GetCallerIdentity answered."""

    arn: str
    user_id: str
    account_id: str


def policy_group(principal_arn: str) -> str:
    """The group that stands for a principal in the bindings of its access policies."""
    return f"eks-access-policy:{principal_arn.rpartition(':')[2]}"


class Authenticator:
    """Logs principals in.

    Args:
        store: the clusters and their access entries.
        endpoint_url: the only place at which a token's URL may point.
        sts_port: port of this process at which STS answers.
        authority: certificate file of the authority that STS is trusted by.
    """

    def __init__(self, store: EksStore, *, endpoint_url: str, sts_port: int, authority: Path) -> None:
        self._store = store
        self._host = urlsplit(endpoint_url).netloc
        self._sts_port = sts_port
        self._tls = ssl.create_default_context(cafile=str(authority))

    def authenticate(self, token: str) -> User:
        """The user that a token stands for.

        Raises:
            TokenRefusedError: the token is no valid one, or its principal has no access entry.
        """
        target = self._checked_target(token)
        with self._store.lock:
            clusters = list(self._store.clusters.values())
        for cluster in clusters:
            caller = self._ask_sts(target, cluster.name)
            if caller:
                with self._store.lock:
                    return self._user(cluster, caller)
        raise TokenRefusedError("STS refused the request in the token, or it was made for another cluster")

    def _checked_target(self, token: str) -> str:
        """Path and query of the presigned URL in the token, once it is known to be harmless."""
        if not token.startswith(_PREFIX):
            raise TokenRefusedError("not a token of aws eks get-token")
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise TokenRefusedError("token is too long")
        try:
            encoded = token.removeprefix(_PREFIX)
            text = base64.b64decode(
                encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True
            ).decode("ascii")
            url = urlsplit(text)
            parameters = parse_qsl(url.query, strict_parsing=True)
        except ValueError:  # of base64, ASCII, URL or query; its message would hold the token
            raise TokenRefusedError("token holds no URL") from None
        if not text.isprintable() or " " in text:
            raise TokenRefusedError("token holds characters that no URL has")
        query = dict(parameters)
        if url.netloc != self._host or url.path not in {"", "/"} or url.fragment:
            raise TokenRefusedError("token does not point at the STS of this account")
        if len(query) != len(parameters) or set(query) - _PARAMETERS:
            raise TokenRefusedError("token has parameters that a presigned request does not have")
        if query.get("Action") != "GetCallerIdentity":
            raise TokenRefusedError("token asks for another action than GetCallerIdentity")
        if _CLUSTER_HEADER not in query.get("X-Amz-SignedHeaders", "").split(";"):
            raise TokenRefusedError("token does not sign the name of the cluster")
        expires = query.get("X-Amz-Expires", "")
        if not expires.isdigit() or int(expires) > _MAX_EXPIRES_S:
            raise TokenRefusedError("token has no valid expiry")
        return f"/?{url.query}"

    def _ask_sts(self, target: str, cluster_name: str) -> Caller | None:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._sts_port, timeout=_STS_TIMEOUT_S, context=self._tls
        )
        try:
            connection.request("GET", target, headers={"Host": self._host, _CLUSTER_HEADER: cluster_name})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise TokenRefusedError(f"STS does not answer: {type(error).__name__}") from None
        finally:
            connection.close()
        if response.status != http.client.OK:
            return None
        texts = {element.tag.split("}")[-1]: element.text or "" for element in ET.fromstring(body).iter()}  # noqa: S314 - our own answer
        return Caller(arn=texts["Arn"], user_id=texts["UserId"], account_id=texts["Account"])

    def _user(self, cluster: Cluster, caller: Caller) -> User:
        principal = access.principal_of(caller.arn, Account(self._store.account_id, self._store.region))
        entry = cluster.access_entries.get(principal or "")
        if (
            principal is None
            or entry is None
            or cluster.record["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
        ):
            raise TokenRefusedError(f"{caller.arn} has no access entry in cluster {cluster.name}")
        if entry["type"] != "STANDARD":
            raise TokenRefusedError(f"{caller.arn} is for nodes, which log in with certificates here")
        session = caller.arn.rpartition("/")[2]
        unique_id = caller.user_id.split(":")[0]
        values = {
            "SessionName": session.replace("@", "-"),
            "SessionNameRaw": session,
            "AccountID": caller.account_id,
        }
        return User(
            name=re.sub(r"\{\{(\w+)\}\}", lambda match: values.get(match[1], match[0]), entry["username"]),
            uid=f"aws-iam-authenticator:{caller.account_id}:{unique_id}",
            groups=(*entry["kubernetesGroups"], policy_group(principal), "system:authenticated"),
            extra={
                "arn": [caller.arn],
                "canonicalArn": [principal],
                "principalId": [unique_id],
                "sessionName": [session],
            },
        )
