"""The IAM policies of whoever deploys or reads a stack, derived from the calls that a rehearsal made.

The deployer's actions are those of `up`, `refresh` and `destroy`; the reader's are those of a preview with a
refresh, which locks nothing and writes no state (`Preview` in Pulumi's `pkg/backend/diy/backend.go`). A
resource whose name begins with the stack's own prefix is written as that prefix and a star; one with an id
that AWS chooses, as its kind and a star.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.emulator.deployer_record import read
from groundplan.rehearsal.emulator.need import Need
from groundplan.rehearsal.world import ACCOUNT_ID, DEPLOYER, World

Document = dict[str, Any]

SIZE = 6144
"""Characters of a managed policy, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
_VERSION = "2012-10-17"


def record_file(world: World, role: str = DEPLOYER) -> Path:
    """Where the emulator of a rehearsal notes what the calls of deployer or reader need."""
    return world.evidence / f"{role.removeprefix('groundplan-')}-needs.jsonl"


def given_file(world: World) -> Path:
    """The policies that the deployer of a rehearsal is held to, if there are any."""
    return world.folder / "deployer-policy.json"


def given(world: World) -> list[Document]:
    """The policies that the deployer of a rehearsal is held to; empty if the account is its own."""
    file = given_file(world)
    return documents_in(file) if file.exists() else []


def give(world: World, documents: Sequence[Document]) -> None:
    """Hold the deployer of a rehearsal to these policies from its start on; none gives it the account."""
    if documents:
        given_file(world).write_text(json.dumps(list(documents)))
    else:
        given_file(world).unlink(missing_ok=True)


def documents_in(file: Path) -> list[Document]:
    """Read policies as `groundplan deployer-policy` writes them.

    Raises:
        GroundplanError: the file is not there or holds something else.
    """
    hint = "Write it: groundplan deployer-policy prod > FILE"
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise GroundplanError(f"{file}: {error}", hint=hint, exit_code=ExitCode.CONFIG) from error
    documents = found if isinstance(found, list) else []
    if not documents or not all(isinstance(each, dict) and each.get("Statement") for each in documents):
        raise GroundplanError(
            f"{file} holds no list of policy documents, each with `Version` and `Statement`.",
            hint=hint,
            exit_code=ExitCode.CONFIG,
        )
    return found


def derive(world: World, role: str = DEPLOYER) -> list[Document]:
    """The policies that the calls of deployer or reader need.

    Raises:
        GroundplanError: the rehearsal has made none as that role.
    """
    needs = read(record_file(world, role))
    if not needs:
        raise GroundplanError(
            f"The rehearsal {world.id!r} has made no call to AWS as {role} yet.",
            hint=f"groundplan rehearse run {world.environment} --only aws",
            exit_code=ExitCode.NO_STACK,
        )
    return policies_for(needs, f"groundplan-{world.environment}")


def policies_for(needs: Iterable[Need], prefix: str) -> list[Document]:
    """As few policies as hold a permission for each need.

    Args:
        needs: what calls needed.
        prefix: how the names of the stack's own resources begin.
    """
    resources: dict[str, set[str]] = defaultdict(set)
    for need in needs:
        resources[need.action].add(pattern(need.resource, prefix))
    actions: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for action, patterns in resources.items():
        # A star among them covers the others.
        actions[("*",) if "*" in patterns else tuple(sorted(patterns))].append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(names), "Resource": list(patterns)}
        for patterns, names in sorted(actions.items())
    ]
    return list(_packed(statements))


def pattern(arn: str, prefix: str) -> str:
    """What a policy says for one resource.

    Args:
        arn: of the resource, or `*`.
        prefix: how the names of the stack's own resources begin.
    """
    if arn == "*" or arn.count(":") < 5:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return "*"
    *head, name = arn.split(":", 5)
    if ":role/aws-service-role/" in arn:
        return arn
    before, found, _ = name.partition(prefix)
    if found:
        return ":".join([*head, f"{before}{prefix}*"])
    kind = re.match(r"/?[\w-]+[/:]", name)
    return ":".join([*head, f"{kind[0]}*" if kind else "*"])


def for_account(documents: Sequence[Document], account_id: str) -> list[Document]:
    """The same policies for another account."""
    return json.loads(json.dumps(documents).replace(ACCOUNT_ID, account_id))


def _packed(statements: list[Document]) -> Iterator[Document]:
    """Documents below the size that AWS allows; a statement that is too long for one is divided."""
    current: list[Document] = []
    for statement in (part for whole in statements for part in _parts(whole)):
        if current and _length(_document([*current, statement])) > SIZE:
            yield _document(current)
            current = []
        current.append(statement)
    if current:
        yield _document(current)


def _parts(statement: Document) -> Iterator[Document]:
    if _length(_document([statement])) <= SIZE or len(statement["Action"]) == 1:
        yield statement
        return
    half = len(statement["Action"]) // 2
    for actions in (statement["Action"][:half], statement["Action"][half:]):
        yield from _parts({**statement, "Action": actions})


def _document(statements: Sequence[Mapping[str, Any]]) -> Document:
    return {"Version": _VERSION, "Statement": [dict(statement) for statement in statements]}


def _length(document: Document) -> int:
    return len(json.dumps(document, separators=(",", ":")))
