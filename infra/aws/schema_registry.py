"""What events look like: a registry of schemas (Glue) that producers and consumers of the stream share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws.glue.registry import Registry
from pulumi_aws.glue.schema import Schema

from infra.conventions import ComponentType, physical_name, registered


@dataclass(frozen=True, kw_only=True)
class EventSchema:
    """What one kind of event looks like.

    Args:
        data_format: `JSON` or `AVRO`.
        compatibility: what a later version may change; the registry refuses others.
        definition: the schema itself, as text.
    """

    data_format: str
    compatibility: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class SchemaRegistryArgs:
    """What a registry is made from.

    Args:
        environment: part of its name.
        schemas: by name.
        protect: refuse to delete it; without its schema, what is in the stream cannot be read.
    """

    environment: str
    schemas: Mapping[str, EventSchema]
    protect: bool


@dataclass(frozen=True, kw_only=True)
class SchemaRegistryOutputs:
    """The registry, and its schemas by name."""

    name: Output[str]
    arn: Output[str]
    schema_arns: dict[str, Output[str]]


class SchemaRegistry(pulumi.ComponentResource):
    """Schemas of events, whose versions have to stay compatible."""

    def __init__(
        self, name: str, args: SchemaRegistryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(ComponentType.SCHEMA_REGISTRY, name, None, opts)
        guarded = pulumi.ResourceOptions(parent=self, protect=args.protect)
        physical = physical_name(args.environment)
        registry = Registry(
            physical, registry_name=physical, description="Events of the stream", opts=guarded
        )
        schemas = {
            each: Schema(
                f"{physical}-{each}",
                schema_name=each,
                registry_arn=registry.arn,
                data_format=schema.data_format,
                compatibility=schema.compatibility,
                schema_definition=schema.definition,
                opts=guarded,
            )
            for each, schema in args.schemas.items()
        }
        self.outputs = SchemaRegistryOutputs(
            name=registry.registry_name,
            arn=registry.arn,
            schema_arns={each: schema.arn for each, schema in schemas.items()},
        )
        self.register_outputs(registered(self.outputs))
