"""The storage interface on Amazon S3 (or whatever `AWS_ENDPOINT_URL` names)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from groundplan_common import aws
from groundplan_common.checksums import sha256_file
from groundplan_common.errors import AccessError, ObjectMissing, ServiceError, StorageError, WriteConflict
from groundplan_common.retry import retry
from groundplan_common.storage import ObjectInfo, ObjectStore

T = TypeVar("T")
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


def addressing_style(endpoint: str | None) -> str:
    """Return how buckets are addressed: in the path where the endpoint's host cannot have sub-domains."""
    host = urlsplit(endpoint or "").hostname
    if host is None:
        return "auto"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "auto" if "." in host else "path"
    return "path"


class S3Store(ObjectStore):
    """Objects in `bucket` below `prefix`, with the credentials of the process."""

    def __init__(self, *, bucket: str, prefix: str, client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self.uri = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = client or _client()

    def child(self, prefix: str) -> S3Store:
        """See the interface."""
        return S3Store(bucket=self._bucket, prefix=f"{self._prefix}{prefix.strip('/')}", client=self._client)

    def get(self, key: str) -> bytes:
        """See the interface."""

        def read() -> bytes:
            return self._client.get_object(**self._at(key))["Body"].read()

        return self._call(key, read)

    def put(self, key: str, data: bytes) -> None:
        """See the interface."""
        self._call(key, lambda: self._client.put_object(**self._at(key), Body=data))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """See the interface."""
        try:
            self.replace(key, data, etag=None)
        except WriteConflict:
            return False
        return True

    def replace(self, key: str, data: bytes, *, etag: str | None) -> None:
        """See the interface."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        self._call(key, lambda: self._client.put_object(**self._at(key), Body=data, **condition))

    def head(self, key: str) -> ObjectInfo | None:
        """See the interface."""
        try:
            answer = self._call(key, lambda: self._client.head_object(**self._at(key)))
        except ObjectMissing:
            return None
        return ObjectInfo(key=key, size_bytes=answer["ContentLength"], etag=answer["ETag"])

    def scan(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See the interface."""
        request = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        while True:
            page = self._call(prefix, lambda: self._client.list_objects_v2(**request))
            for item in page.get("Contents", ()):
                key = item["Key"].removeprefix(self._prefix)
                yield ObjectInfo(key=key, size_bytes=item["Size"], etag=item["ETag"])
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def delete(self, key: str) -> None:
        """See the interface."""
        self._call(key, lambda: self._client.delete_object(**self._at(key)))

    def download(self, key: str, path: Path) -> str:
        """See the interface."""
        self._call(key, lambda: self._client.download_file(self._bucket, self._prefix + key, str(path)))
        return sha256_file(path)

    def upload(self, path: Path, key: str) -> str:
        """See the interface."""
        self._call(key, lambda: self._client.upload_file(str(path), self._bucket, self._prefix + key))
        return sha256_file(path)

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _call(self, key: str, action: Callable[[], T]) -> T:
        try:
            return retry(action, transient=aws.transient, what=self.describe(key))
        except (ClientError, BotoCoreError, OSError) as error:
            raise self._explained(key, error) from error

    def _explained(self, key: str, error: Exception) -> ServiceError:
        where = self.describe(key)
        code = aws.code(error)
        if code in _MISSING or (code in aws.DENIED and self._known_absent(key)):
            return ObjectMissing(f"{where} does not exist.")
        if code in _CONFLICT:
            return WriteConflict(f"{where} was changed by somebody else meanwhile.")
        if aws.denied(error):
            return AccessError(
                f"{where}: access denied ({error}).", hint="Check the pod identity's role and policy."
            )
        if code == "NoSuchBucket":
            return StorageError(f"Bucket {self._bucket!r} does not exist.", hint="Check the storage URI.")
        return StorageError(f"{where}: the storage did not answer as it should ({error}).")

    def _known_absent(self, key: str) -> bool:
        """S3 says 403 instead of 404 to a role that may list only some prefixes: ask the listing."""
        try:
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + key, MaxKeys=1)
        except (ClientError, BotoCoreError):
            return False
        return all(item["Key"] != self._prefix + key for item in page.get("Contents", ()))


def _client() -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return aws.client("s3", s3={"addressing_style": addressing_style(endpoint)})
