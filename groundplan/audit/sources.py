"""Where the resources of an audit come from: a state, a preview, or a cluster; `live.py` adds the account.

All three become the resources that rules judge, by their inputs. A state and a cluster know every value; in a
preview some are known only after the update.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundplan.errors import ExitCode, GroundplanError
from groundplan.preview.document import sames_left_out
from policies.core.marks import plain
from policies.core.resources import Resource

if TYPE_CHECKING:
    from groundplan.preview.document import State

Kind = Literal["state", "account", "preview", "cluster"]
Document = TypeVar("Document", bound=BaseModel)

CLUSTER_KINDS = (
    "namespaces,pods,deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch,services,"
    "serviceaccounts,resourcequotas,limitranges,networkpolicies.networking.k8s.io,"
    "poddisruptionbudgets.policy,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io,"
    "resourceclaims.resource.k8s.io,resourceclaimtemplates.resource.k8s.io,storageclasses.storage.k8s.io"
)
"""What an audit asks a cluster for. The auditor may see all of it: `infra/kubernetes/persona_access.py`."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Resources, and what they are.

    Args:
        kind: state, account (a state that was refreshed for the audit), preview or cluster.
        name: the file or the command they come from.
        environment: name of the stack.
        resources: what is judged.
        text: the document that they were read from; auditors are shown it. It may hold secrets.
    """

    kind: Kind
    name: str
    environment: str
    resources: Sequence[Resource]
    text: str = field(default="", repr=False)


class _Resource(BaseModel):
    """One resource of a state; keys that no rule needs are let pass."""

    model_config = ConfigDict(extra="ignore")

    urn: Annotated[str, Field(pattern=r"^urn:pulumi:")]
    type: str
    inputs: dict[str, Any] = {}
    parent: str = ""
    dependencies: list[str] | None = None
    property_dependencies: Annotated[
        dict[str, list[str] | None] | None, Field(alias="propertyDependencies")
    ] = None
    protect: bool = False
    delete: bool = False


class _Deployment(BaseModel):
    model_config = ConfigDict(extra="ignore")

    resources: list[_Resource] = []


class _State(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: Literal[3, 4]
    deployment: _Deployment


class _Step(BaseModel):
    model_config = ConfigDict(extra="ignore")

    op: str
    urn: str
    new: Annotated[_Resource | None, Field(alias="newState")] = None


class _Preview(BaseModel):
    model_config = ConfigDict(extra="ignore")

    steps: list[_Step]
    change_summary: Annotated[dict[str, int] | None, Field(alias="changeSummary")] = None


def from_stack(environment: str) -> Source:
    """The state of a stack, as the Pulumi of this shell exports it. Secrets stay in this process.

    Raises:
        GroundplanError: there is no Pulumi, no such stack, or no right to read it.
    """
    words = ["pulumi", "stack", "export", "--stack", environment, "--show-secrets"]
    return from_state(
        _output(words, f'eval "$(groundplan rehearse env {environment})"'), " ".join(words[:-1])
    )


def from_cluster(environment: str) -> Source:
    """The objects of the cluster that `kubectl` of this shell reaches.

    Raises:
        GroundplanError: there is no kubectl, or the cluster does not answer.
    """
    words = ["kubectl", "get", CLUSTER_KINDS, "--all-namespaces", "--output", "json"]
    items = json.loads(_output(words, f'eval "$(groundplan rehearse env {environment})"'))["items"]
    return Source(
        kind="cluster",
        name="kubectl get",
        environment=environment,
        resources=[_of_cluster(environment, item) for item in items],
    )


def from_state(text: str, name: str) -> Source:
    """A state as `pulumi stack export` writes it.

    Raises:
        GroundplanError: it is damaged; nothing of it was judged.
    """
    resources = [each for each in _parsed(_State, text, name).deployment.resources if not each.delete]
    _refuse_duplicates(resources, name)
    return Source(
        kind="state",
        name=name,
        environment=_environment(resources, name),
        resources=[judged(each.urn, each) for each in resources],
        text=text,
    )


def from_preview(text: str, name: str) -> Source:
    """A preview as `pulumi preview --json --show-sames` writes it: the resources that there will be.

    Raises:
        GroundplanError: it is no such document, or leaves out what stays the same.
    """
    document = _parsed(_Preview, text, name)
    steps = document.steps
    _refuse_parts(document, name)
    resources = [step.new for step in steps if step.new and step.op not in {"delete", "delete-replaced"}]
    # A replacement is two steps with one new state.
    unique = list({each.urn: each for each in resources}.values())
    return Source(
        kind="preview",
        name=name,
        environment=_environment(unique, name),
        resources=[one for each in unique if not (one := judged(each.urn, each)).left_out],
    )


def read(file: Path) -> str:
    """The text of a file that a person named.

    Raises:
        GroundplanError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise GroundplanError(f"{file}: {error.strerror}.", exit_code=ExitCode.CONFIG) from None
    except UnicodeDecodeError:
        raise GroundplanError(f"{file} is no text.", exit_code=ExitCode.CONFIG) from None


def _output(words: Sequence[str], hint: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise GroundplanError(
            f"There is no {words[0]} on the PATH.", hint=hint, exit_code=ExitCode.CONFIG
        ) from None
    if done.returncode != 0:
        raise GroundplanError(
            f"`{' '.join(words[:4])} …` failed.", log=done.stderr, hint=hint, exit_code=ExitCode.NO_STACK
        )
    return done.stdout


def _parsed(model: type[Document], text: str, name: str) -> Document:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        wanted = "pulumi stack export" if model is _State else "pulumi preview --json --show-sames"
        raise GroundplanError(
            f"{name}: {where}: {first['msg']}. Nothing was judged.",
            hint=f"Write it anew: {wanted} > FILE",
            exit_code=ExitCode.CONFIG,
        ) from None


def _refuse_parts(preview: _Preview, name: str) -> None:
    """Rules that join resources would find fault with what is only not shown."""
    missing = sames_left_out(preview.change_summary, (step.op for step in preview.steps))
    if missing:
        raise GroundplanError(
            f"{name}: it leaves out {missing} resources that stay the same. Nothing was judged.",
            hint="Write it anew: pulumi preview --json --show-sames > FILE",
            exit_code=ExitCode.CONFIG,
        )


def _refuse_duplicates(resources: Iterable[_Resource], name: str) -> None:
    seen: set[str] = set()
    for each in resources:
        if each.urn in seen:
            raise GroundplanError(
                f"{name}: the state is damaged: there are two resources {each.urn}. Nothing was judged.",
                hint="pulumi state repair",
                exit_code=ExitCode.CONFIG,
            )
        seen.add(each.urn)


def _environment(resources: Sequence[_Resource], name: str) -> str:
    if not resources:
        raise GroundplanError(f"{name}: it has no resources.", hint="pulumi up", exit_code=ExitCode.NO_STACK)
    return resources[0].urn.removeprefix("urn:pulumi:").partition("::")[0]


def judged(urn: str, registered: _Resource | State) -> Resource:
    """A resource of a state, or of a preview, as rules see it."""
    return Resource(
        urn=urn,
        type=registered.type,
        name=urn.rpartition("::")[2],
        properties=plain(registered.inputs),
        parent=registered.parent,
        dependencies=registered.dependencies or (),
        property_dependencies={
            key: urns or () for key, urns in (registered.property_dependencies or {}).items()
        },
        protect=registered.protect,
    )


def _of_cluster(environment: str, item: Mapping[str, Any]) -> Resource:
    group = item["apiVersion"] if "/" in item["apiVersion"] else f"core/{item['apiVersion']}"
    type_ = f"kubernetes:{group}:{item['kind']}"
    metadata = item["metadata"]
    name = "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)
    return Resource(
        urn=f"urn:pulumi:{environment}::cluster::{type_}::{name}",
        type=type_,
        name=name,
        properties=dict(item),
    )
