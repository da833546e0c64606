"""What all groups of EKS operations share: the parsed request, the cluster it names, paging."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from moto.core.responses import ActionResult, BaseResponse

from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.eks.errors import InvalidParameterError
from groundplan.rehearsal.emulator.eks.store import Cluster, EksStore, Record, now, unique_id


class Operations(BaseResponse):
    """Base of the mix-ins below. One instance serves one request."""

    store: ClassVar[EksStore]
    params: dict[str, Any]

    @property
    def _account(self) -> Account:
        return Account(self.store.account_id, self.store.region)

    def _cluster(self) -> Cluster:
        return self.store.cluster(self.params.get("clusterName") or self.params["name"])

    def _pick(self, *names: str) -> Record:
        """Those parameters of the request that were given."""
        return {name: self.params[name] for name in names if self.params.get(name) is not None}

    def _page(self, key: str, items: Sequence[Any], **members: str) -> ActionResult:
        """One page of a list answer, with further members; the token is the position of the next page."""
        start = int(self.params.get("nextToken") or 0)
        end = start + int(self.params.get("maxResults") or 100)
        token = str(end) if end < len(items) else None
        return ActionResult({**members, key: list(items[start:end]), "nextToken": token})

    def _record_update(self, cluster: Cluster, kind: str, params: dict[str, Any]) -> ActionResult:
        """Note a finished update (it takes effect at once) and answer with it."""
        update: Record = {
            "id": unique_id(),
            "status": "Successful",
            "type": kind,
            "params": [{"type": name, "value": json.dumps(value)} for name, value in params.items() if value],
            "createdAt": now(),
            "errors": [],
        }
        cluster.updates[update["id"]] = update
        self.store.notify()
        return ActionResult({"update": update})


class UpdateOperations(Operations):
    """Past updates of clusters, node groups and add-ons."""

    def describe_update(self) -> ActionResult:
        """DescribeUpdate."""
        update = self._cluster().updates.get(self.params["updateId"])
        if update is None:
            raise InvalidParameterError(f"No update found for ID: {self.params['updateId']}")
        return ActionResult({"update": update})

    def list_updates(self) -> ActionResult:
        """ListUpdates."""
        return self._page("updateIds", list(self._cluster().updates))
