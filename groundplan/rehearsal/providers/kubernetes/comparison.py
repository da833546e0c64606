"""What the engine is told about the difference between a resource's state and the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from groundplan.rehearsal.providers.kubernetes import diff, objects
from groundplan.rehearsal.providers.kubernetes.client import ApiError, UnreachableError
from groundplan.rehearsal.providers.kubernetes.resources import NoSuchKindError, Resources
from groundplan.rehearsal.providers.kubernetes.values import Value, has_unknown, reveal


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The outcome of Diff.

    Args:
        changes: every property that differs.
        replacing: those of them that force a replacement.
        delete_first: the old object must go before the new one comes, because both have the same name.
    """

    changes: list[diff.Change]
    replacing: set[diff.Change]
    delete_first: bool


def compare(
    resources: Resources, olds: Mapping[str, Value], state: Mapping[str, Value], news: Mapping[str, Value]
) -> Comparison:
    """Compare the inputs of the state with those of the program.

    Fields that are known to be fixed force a replacement; where there is none, the server is asked whether it
    would take the update.
    """
    found = diff.changes(olds, news)
    if not found:
        return Comparison(changes=[], replacing=set(), delete_first=False)
    group, _, _ = str(reveal(news.get("apiVersion"))).rpartition("/")
    settings = resources.settings
    paths = diff.replaced_by(
        group,
        str(reveal(news.get("kind"))),
        config_map_mutable=settings.enable_config_map_mutable,
        secret_mutable=settings.enable_secret_mutable,
    )
    replacing = diff.touching(found, paths) or _refused(resources, found, state, news)
    return Comparison(
        changes=found, replacing=replacing, delete_first=bool(replacing) and _same_name(olds, news)
    )


def _refused(
    resources: Resources, found: list[diff.Change], state: Mapping[str, Value], news: Mapping[str, Value]
) -> set[diff.Change]:
    if has_unknown(dict(news)):
        return set()
    try:
        resources.dry_run(news, objects.field_manager(resources.urn, state))
    except ApiError as error:
        # Any other refusal is told by the update itself, or by its preview.
        return diff.refused_as_immutable(found, error.message, error.causes)
    except (UnreachableError, NoSuchKindError):
        return set()
    return set()


def _same_name(olds: Mapping[str, Value], news: Mapping[str, Value]) -> bool:
    old, new = objects.metadata(olds), objects.metadata(news)
    if objects.annotation(news, objects.AUTONAMED) == "true":
        return False  # the replacement gets a name of its own
    return old.get("name") == new.get("name") and old.get("namespace") == new.get("namespace")
