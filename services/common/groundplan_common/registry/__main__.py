"""`python -m groundplan_common.registry list|show|promote|rollback|sign`, on the model of MODEL_NAME."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys

from groundplan_common.errors import ServiceError
from groundplan_common.registry.registry import Registry
from groundplan_common.settings import Name, ServiceSettings, StorageUri
from groundplan_common.signatures import KeyArnOrNobody, open_signer
from groundplan_common.storage import open_store


class RegistrySettings(ServiceSettings):
    """Where the models are, which of them is meant, and the key that signs versions."""

    models_uri: StorageUri
    model_name: Name
    model_signing_key: KeyArnOrNobody | None = None


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its result is JSON on stdout, an error one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m groundplan_common.registry", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all versions with their metrics, and what the alias names")
    promote = commands.add_parser("promote", help="let the alias name a version")
    promote.add_argument("version", type=int)
    commands.add_parser("rollback", help="let the alias name the version before")
    for command in commands.choices.values():
        command.add_argument("--alias", default="live")
    show = commands.add_parser("show", help="a version's metadata and their checksum")
    show.add_argument("version", type=int)
    sign = commands.add_parser("sign", help="sign a version that has no signature of this key")
    sign.add_argument("version", type=int)
    sign.add_argument("--metadata-sha256", required=True, help="the checksum that `show` printed")
    options = parser.parse_args(arguments)
    try:
        settings = RegistrySettings.from_environment()
        signer = open_signer(settings.model_signing_key)
        registry = Registry(open_store(settings.models_uri), settings.model_name, signer)
        sys.stdout.write(json.dumps(_run(registry, options), indent=2) + "\n")
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _who() -> str:
    """Return the person's login name; a container's user has none, its pod has."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return os.environ.get("POD_NAME", f"uid {os.getuid()}")


def _run(registry: Registry, options: argparse.Namespace) -> dict[str, object]:
    if options.command == "promote":
        return registry.promote(options.alias, options.version, by=_who()).model_dump(mode="json")
    if options.command == "rollback":
        return registry.rollback(options.alias, by=_who()).model_dump(mode="json")
    if options.command == "show":
        metadata = registry.metadata(options.version).model_dump(mode="json")
        return {"metadata": metadata, "metadata_sha256": registry.metadata_sha256(options.version)}
    if options.command == "sign":
        return registry.sign(options.version, options.metadata_sha256).model_dump(mode="json")
    alias = registry.alias(options.alias)
    versions = [registry.metadata(number).model_dump(mode="json") for number in registry.versions()]
    return {
        "model": registry.name,
        "alias": alias.model_dump(mode="json") if alias else None,
        "versions": versions,
    }


if __name__ == "__main__":
    sys.exit(main())
