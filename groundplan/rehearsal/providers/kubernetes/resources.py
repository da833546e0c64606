"""Create, read, update and delete one object by server-side apply."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.providers.kubernetes import diff, drift, objects, preview, readiness
from groundplan.rehearsal.providers.kubernetes.client import (
    APPLY,
    ApiError,
    Client,
    Patience,
    UnreachableError,
)
from groundplan.rehearsal.providers.kubernetes.discovery import Discovery, ResourceType
from groundplan.rehearsal.providers.kubernetes.objects import Object
from groundplan.rehearsal.providers.kubernetes.settings import Settings
from groundplan.rehearsal.providers.kubernetes.values import Value, has_unknown, keep_secret, reveal
from groundplan.rehearsal.providers.kubernetes.waiting import Watcher

_DEFAULT_TIMEOUT_S = 600.0
_KIND_TIMEOUT_S = 30.0
_PATIENCE_S, _PREVIEW_PATIENCE_S = 60.0, 5.0
_UNPROCESSABLE = 422
_READS = 5
"""How often an object that changes while it is compared is read anew."""
_STEM = 54
"""Length of a name that leaves room for eight more characters in a DNS label."""


class NotReadyError(GroundplanError):
    """An object was written, but did not become ready.

    Args:
        object_id: its identifier.
        outputs: its properties.
        reasons: what is known about why.
    """

    def __init__(self, object_id: str, outputs: dict[str, Value], reasons: list[str]) -> None:
        super().__init__(f"{object_id} did not become ready.", exit_code=ExitCode.DEPLOYMENT)
        self.object_id = object_id
        self.outputs = outputs
        self.reasons = reasons


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Operations on the objects of one API server, for the length of one call of the engine.

    Args:
        client: the API server's client.
        discovery: its kinds.
        settings: the provider's configuration.
        urn: the resource concerned.
        cancelled: set when the call is to end.
        report: gets what is waited for.
        warn: gets warnings of the API server.
    """

    client: Client
    discovery: Discovery
    settings: Settings
    urn: str
    cancelled: threading.Event
    report: Callable[[str], None]
    warn: Callable[[str], None]

    @property
    def default_namespace(self) -> str:
        """For objects that name none."""
        return self.settings.namespace or self.client.login.namespace

    @property
    def watcher(self) -> Watcher:
        """Looks at live objects."""
        return Watcher(
            client=self.client, discovery=self.discovery, cancelled=self.cancelled, report=self.report
        )

    # --- preview ----------------------------------------------------------------------------------
    def preview_create(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        """Outputs that a creation would have, as far as they can be known; a dry run validates them."""
        manager = objects.field_manager(self.urn)
        return preview.of_creation(inputs, self._attempt(self._dry_creation, inputs, manager), manager)

    def preview_update(self, inputs: Mapping[str, Value], state: Mapping[str, Value]) -> dict[str, Value]:
        """Outputs that an update would have."""
        manager = objects.field_manager(self.urn, state)
        return preview.of_update(inputs, state, self._attempt(self.dry_run, inputs, manager), manager)

    def dry_run(self, inputs: Mapping[str, Value], manager: str) -> Object:
        """What applying the inputs would make of the object, conflicts won; nothing is persisted."""
        kind, namespace, name = self._target(inputs, wait=False)
        return self._apply(reveal(dict(inputs)), kind, namespace, name, manager, force=True, dry_run=True)

    def _dry_creation(self, inputs: Mapping[str, Value], manager: str) -> Object:
        """A dry run that also works while the object that is to be replaced still has the name."""
        try:
            return self.dry_run(inputs, manager)
        except ApiError as error:
            if not diff.is_immutable(error.message, error.causes):
                raise
        name = objects.metadata(inputs)["name"]
        found = self.dry_run(objects.with_metadata(inputs, name=f"{name[:_STEM]}-{manager[-8:]}"), manager)
        return objects.with_metadata(found, name=name)

    def _attempt(
        self,
        dry_run: Callable[[Mapping[str, Value], str], Object],
        inputs: Mapping[str, Value],
        manager: str,
    ) -> Object | None:
        """None where no dry run is possible yet: unknown values; no such kind, namespace or cluster."""
        if has_unknown(dict(inputs)):
            return None
        try:
            return dry_run(inputs, manager)
        except NoSuchKindError:
            return None
        except UnreachableError as error:
            self.warn(f"Not validated: {error.message}")
            return None
        except ApiError as error:
            # Its namespace will be created by the same update. Or the caller may only read, and previews
            # what the server did not see, as with the official provider (what follows IsForbidden there).
            if error.not_found or error.not_permitted:
                return None
            raise

    # --- write ------------------------------------------------------------------------------------
    def create(self, inputs: Mapping[str, Value], timeout_s: float) -> tuple[str, dict[str, Value]]:
        """Create an object and wait until it is ready; returns its identifier and outputs.

        Raises:
            NotReadyError: it was created, but did not become ready in time.
            GroundplanError: there is one of that name that is not ours, or the server refused.
        """
        kind, namespace, name = self._target(inputs, wait=True)
        manager = objects.field_manager(self.urn)
        self._require_free(kind, namespace, name, manager, self._timeout(inputs, timeout_s))
        return self._write(inputs, kind, namespace, name, manager, timeout_s)

    def update(
        self, inputs: Mapping[str, Value], state: Mapping[str, Value], timeout_s: float
    ) -> dict[str, Value]:
        """Bring an object to what the inputs say and wait until it is ready; returns its outputs.

        Raises:
            NotReadyError: it was changed, but did not become ready in time.
        """
        kind, namespace, name = self._target(inputs, wait=True)
        manager = objects.field_manager(self.urn, state)
        return self._write(inputs, kind, namespace, name, manager, timeout_s)[1]

    def _write(
        self,
        inputs: Mapping[str, Value],
        kind: ResourceType,
        namespace: str | None,
        name: str,
        manager: str,
        timeout_s: float,
    ) -> tuple[str, dict[str, Value]]:
        force = self.settings.enable_patch_force or objects.annotation(inputs, objects.PATCH_FORCE) == "true"
        live = self._apply(reveal(dict(inputs)), kind, namespace, name, manager, force=force, dry_run=False)
        object_id = objects.identifier(namespace, name)
        if objects.annotation(inputs, objects.SKIP_AWAIT) not in {"true", "ready"}:
            state, seen = self.watcher.ready(kind, namespace, name, self._timeout(inputs, timeout_s))
            live = seen or live
            if not state.ready:
                reasons = [f"{kind.kind} {object_id}: {state.reason}", *self.watcher.explain(live)]
                raise NotReadyError(object_id, objects.outputs(live, inputs, manager), reasons)
        return object_id, objects.outputs(live, inputs, manager)

    def _apply(
        self,
        body: Object,
        kind: ResourceType,
        namespace: str | None,
        name: str,
        manager: str,
        *,
        force: bool,
        dry_run: bool,
    ) -> Object:
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Warn"}
        if dry_run:
            query["dryRun"] = "All"
        try:
            return self.client.request(
                "PATCH",
                kind.path(namespace, name),
                query=query,
                body=body,
                content_type=APPLY,
                patience=self._patience(preview=dry_run),
                warn=None if dry_run else self.warn,
            )
        except ApiError as error:
            if error.field_conflict:
                raise _conflict(kind, objects.identifier(namespace, name), error) from error
            raise

    def _require_free(
        self, kind: ResourceType, namespace: str | None, name: str, manager: str, timeout_s: float
    ) -> None:
        live = self.watcher.get(kind, namespace, name)
        if live is not None and live["metadata"].get("deletionTimestamp"):
            self.watcher.gone(kind, namespace, name, timeout_s)
            live = self.watcher.get(kind, namespace, name)
        if live is None or self.settings.upsert_existing_objects or objects.managed_by(live, manager):
            return
        object_id = objects.identifier(namespace, name)
        raise GroundplanError(
            f"{kind.kind} {object_id} already exists, and this resource did not create it.",
            hint="Import it (pulumi import), give the resource another name, "
            "or set `upsertExistingObjects` of the provider.",
            exit_code=ExitCode.DEPLOYMENT,
        )

    # --- read -------------------------------------------------------------------------------------
    def read(
        self, object_id: str, token: objects.Token, inputs: Mapping[str, Value], state: Mapping[str, Value]
    ) -> tuple[dict[str, Value], dict[str, Value]] | None:
        """Inputs and outputs of the live object, or None when it is gone.

        The inputs differ from the given ones exactly where somebody changed what the program sets.
        """
        api_version, kind_name = _declared(inputs) or _declared(state) or (token.api_version, token.kind)
        kind = self.discovery.find(api_version, kind_name, self._patience())
        namespace, name = objects.split_identifier(object_id)
        live = self.watcher.get(kind, namespace, name) if kind else None
        if kind is None or live is None:
            return None
        manager = objects.field_manager(self.urn, state)
        if not inputs:
            found = objects.imported_inputs(live)
            return found, objects.outputs(live, found, manager)
        given = reveal(dict(inputs))
        reapplied = self._reapplied(given, live, state, manager)
        for _ in range(_READS):
            # A controller that writes between the two reads must not look like drift.
            again = self.watcher.get(kind, namespace, name)
            if again is None or again["metadata"]["resourceVersion"] == live["metadata"]["resourceVersion"]:
                break
            live, reapplied = again, self._reapplied(given, again, state, manager)
        drifted = drift.drifted_inputs(given, reapplied, live)
        kept = dict(inputs) if drifted == given else keep_secret(drifted, dict(inputs))
        return kept, objects.outputs(live, inputs, manager)

    def _reapplied(self, inputs: Object, live: Object, state: Mapping[str, Value], manager: str) -> Object:
        try:
            return self.dry_run(inputs, manager)
        except ApiError as error:
            if error.not_permitted:  # the caller may only read
                return drift.overlay(inputs, live, reveal(dict(state)))
            if error.status == _UNPROCESSABLE:  # an immutable field differs: somebody replaced the object
                return drift.overlay(inputs, live)
            raise

    # --- delete -----------------------------------------------------------------------------------
    def delete(
        self, object_id: str, token: objects.Token, state: Mapping[str, Value], timeout_s: float
    ) -> None:
        """Delete an object and wait until it is gone. One that is not there counts as deleted.

        Raises:
            GroundplanError: it is still there after `timeout_s` seconds.
        """
        api_version, kind_name = _declared(state) or (token.api_version, token.kind)
        kind = self.discovery.find(api_version, kind_name, self._patience())
        if kind is None:
            return
        namespace, name = objects.split_identifier(object_id)
        policy = objects.annotation(state, objects.DELETION_POLICY) or "foreground"
        options = {"propagationPolicy": policy.capitalize()}
        try:
            self.client.request(
                "DELETE",
                kind.path(namespace, name),
                body=options,
                patience=self._patience(),
            )
        except ApiError as error:
            if error.not_found:
                return
            raise
        if objects.annotation(state, objects.SKIP_AWAIT) == "true":
            return
        allowed_s = self._timeout(state, timeout_s)
        found = self.watcher.gone(kind, namespace, name, allowed_s)
        if not found.ready:
            raise GroundplanError(
                f"{kind.kind} {object_id} is {found.reason} after {allowed_s:.0f} s.",
                hint=f"See: kubectl get {kind.plural} {name} -o yaml"
                + (f" --namespace {namespace}" if namespace else ""),
                exit_code=ExitCode.TIMEOUT,
            )

    # --- helpers ----------------------------------------------------------------------------------
    def _target(self, inputs: Mapping[str, Value], *, wait: bool) -> tuple[ResourceType, str | None, str]:
        api_version, kind_name = _declared(inputs) or ("", "")
        kind = self.discovery.find(api_version, kind_name, self._patience(preview=not wait))
        if kind is None and wait:
            kind = self._await_kind(api_version, kind_name)
        if kind is None:
            raise NoSuchKindError(api_version, kind_name)
        meta = objects.metadata(inputs)
        namespace = meta.get("namespace") or self.default_namespace if kind.namespaced else None
        return kind, namespace, meta["name"]

    def _await_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """A definition that was created a moment ago takes the server a moment to serve."""

        def probe() -> readiness.Readiness:
            served = self.discovery.find(api_version, kind) is not None
            return readiness.READY if served else readiness.waiting(f"the cluster does not serve {kind} yet")

        self.watcher.until(probe, _KIND_TIMEOUT_S)
        return self.discovery.find(api_version, kind)

    def _patience(self, *, preview: bool = False) -> Patience:
        return Patience(seconds=_PREVIEW_PATIENCE_S if preview else _PATIENCE_S, cancelled=self.cancelled)

    def _timeout(self, properties: Mapping[str, Value], custom_s: float) -> float:
        if custom_s > 0:
            return custom_s
        text = objects.annotation(properties, objects.TIMEOUT_SECONDS) or ""
        return float(text) if text.isdigit() else _DEFAULT_TIMEOUT_S


class NoSuchKindError(GroundplanError):
    """The API server does not serve a kind."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            f"The cluster does not serve {kind} in {api_version}.",
            hint="Is its definition installed before it (depends_on)? See: kubectl api-resources",
            exit_code=ExitCode.DEPLOYMENT,
        )


def _declared(properties: Mapping[str, Value]) -> tuple[str, str] | None:
    version: Any = reveal(properties.get("apiVersion"))
    kind: Any = reveal(properties.get("kind"))
    return (version, kind) if isinstance(version, str) and isinstance(kind, str) else None


def _conflict(kind: ResourceType, object_id: str, error: ApiError) -> GroundplanError:
    fields = "; ".join(f"{cause.get('field')} ({cause.get('message')})" for cause in error.causes)
    return GroundplanError(
        f"{kind.kind} {object_id}: another field manager owns fields that this resource sets: {fields}.",
        hint=f'Leave them to the other, or take them over: annotation {objects.PATCH_FORCE}: "true".',
        exit_code=ExitCode.DEPLOYMENT,
    )
