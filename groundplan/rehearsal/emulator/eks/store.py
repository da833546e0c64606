"""What the emulated EKS remembers: clusters and all that belongs to them, in the API's own shapes."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from groundplan.rehearsal.emulator.eks.errors import ResourceNotFoundError

Record = dict[str, Any]
"""A structure of the EKS API by its member names. Members that are None are left out of responses."""

KUBERNETES_VERSION = "1.35"
"""The version of the API server behind every emulated cluster."""


@dataclass
class Cluster:
    """One cluster with its parts, each a record of the API.

    Args:
        record: the `Cluster` structure.
        access_policies: principal ARN -> policy ARN -> `AssociatedAccessPolicy`.
    """

    record: Record
    node_groups: dict[str, Record] = field(default_factory=dict)
    addons: dict[str, Record] = field(default_factory=dict)
    access_entries: dict[str, Record] = field(default_factory=dict)
    access_policies: dict[str, dict[str, Record]] = field(default_factory=dict)
    associations: dict[str, Record] = field(default_factory=dict)
    updates: dict[str, Record] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name, unique in the region."""
        return self.record["name"]

    def tagged(self) -> Iterator[tuple[str, Record]]:
        """Every (ARN, record) that can hold tags."""
        yield self.record["arn"], self.record
        for part, arn in (
            (self.node_groups, "nodegroupArn"),
            (self.addons, "addonArn"),
            (self.access_entries, "accessEntryArn"),
            (self.associations, "associationArn"),
        ):
            for record in part.values():
                yield record[arn], record


class EksStore:
    """The account's clusters in one region, and the way to other regions. Who reads or changes holds `lock`.

    Args:
        account_id: twelve digits.
        region: AWS region.
        endpoint: URL of the API server that clusters answer with.
        certificate_authority: its CA, PEM in base64.
    """

    def __init__(self, *, account_id: str, region: str, endpoint: str, certificate_authority: str) -> None:
        self.account_id = account_id
        self.region = region
        self.endpoint = endpoint
        self.certificate_authority = certificate_authority
        self.clusters: dict[str, Cluster] = {}
        self.lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self._elsewhere: dict[str, EksStore] = {}

    def there(self, region: str) -> EksStore:
        """The store of a region; in another one than this, nothing listens: there is one API server."""
        if region == self.region:
            return self
        if region not in self._elsewhere:
            self._elsewhere[region] = EksStore(
                account_id=self.account_id,
                region=region,
                endpoint=self.endpoint,
                certificate_authority=self.certificate_authority,
            )
        return self._elsewhere[region]

    def clear(self) -> None:
        """Forget the clusters of all regions."""
        self.clusters.clear()
        self._elsewhere.clear()

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name.

        Raises:
            ResourceNotFoundError: there is none.
        """
        try:
            return self.clusters[name]
        except KeyError:
            raise ResourceNotFoundError(f"No cluster found for name: {name}.", clusterName=name) from None

    def arn(self, kind: str, *path: str) -> str:
        """ARN of an EKS resource in this account and region."""
        return f"arn:aws:eks:{self.region}:{self.account_id}:{'/'.join((kind, *path))}"

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change. It must return at once."""
        self._listeners.append(listener)

    def notify(self) -> None:
        """Tell the listeners that something changed."""
        for listener in self._listeners:
            listener()


def now() -> datetime:
    """The current time in UTC, without fractions as AWS answers it."""
    return datetime.now(UTC).replace(microsecond=0)


def unique_id() -> str:
    """An id such as node groups and updates have."""
    return str(uuid4())


def short_id() -> str:
    """Seventeen lower-case letters and digits, as in association ids."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))
