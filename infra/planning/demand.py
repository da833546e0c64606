"""The figures of use cases that a plan is made from: what a team knows before anything is created."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from infra.settings.types import InstanceTypeName, Name, Region, refusal


class FiguresModel(BaseModel):
    """Base of all figures: immutable, typed strictly, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EventFigures(FiguresModel):
    """A stream of events."""

    per_second: Annotated[float, Field(gt=0, le=10_000_000)]
    """Events per second, averaged over a day."""
    bytes: Annotated[int, Field(ge=1, le=10_485_760)]
    """Size of an event in bytes, as it is sent (after the producer's compression)."""
    retention_hours: Annotated[int, Field(ge=1, le=8760)] = 72
    """How long the brokers keep events: how long the consumers may be down."""
    consumer_groups: Annotated[int, Field(ge=1, le=50)] = 1
    """Consumer groups; each reads every event once."""
    consumer_per_second: Annotated[float, Field(gt=0, le=10_000_000)] = 10_000
    """Events per second that one ingest pod takes: measure it. One published user has 11,600."""


class DataFigures(FiguresModel):
    """A table of features."""

    rows: Annotated[int, Field(ge=1, le=10**13)]
    """Rows."""
    features: Annotated[int, Field(ge=1, le=100_000)]
    """Features, that is columns, of a row."""
    bytes_per_value: Annotated[int, Field(ge=1, le=65_536)] = 4
    """Bytes of one value; 4 is a 32-bit float."""


class ServingFigures(FiguresModel):
    """Inference."""

    unit: Literal["tokens", "images", "rows"]
    """What is counted."""
    per_second: Annotated[float, Field(gt=0, le=100_000_000)]
    """Units per second, averaged over a day."""
    per_gpu_per_second: Annotated[float, Field(gt=0, le=10_000_000)]
    """Units per second that one GPU serves within the latency target: measure it with perf_analyzer."""
    instance_type: InstanceTypeName
    """EC2 instance type of the pool."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=8)] = 1
    """GPUs of one replica of the model server."""
    peak_hours_per_day: Annotated[float, Field(ge=0, le=24)] = 4
    """Hours per day at the peak rate; the rest of the day runs at the average rate."""


class CapacityBlockFigures(FiguresModel):
    """An EC2 Capacity Block that the training run is to use from its start."""

    starts: AwareDatetime
    """Start of the block."""
    ends: AwareDatetime
    """End of the block. EC2 terminates its instances earlier."""
    ultraserver: bool = False
    """True for a block of UltraServers: EC2 begins to terminate them 60 minutes before the end, not 30."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends <= self.starts:
            raise refusal(
                "the block ends before it starts",
                allowed=f"a time after {self.starts.isoformat()}",
                key=("ends",),
            )
        return self


class TrainingFigures(FiguresModel):
    """Training."""

    instance_type: InstanceTypeName
    """EC2 instance type of the pool."""
    gpus: Annotated[int, Field(ge=1, le=512)]
    """GPUs that train together."""
    hours_per_month: Annotated[float, Field(gt=0, le=730)]
    """Hours per month that they train."""
    run_hours: Annotated[float, Field(gt=0, le=730)] = 12
    """Hours of one run."""
    interruptible: bool = False
    """True if runs may be interrupted at any time and resume from a checkpoint: then spot is considered."""
    checkpoint_interval_minutes: Annotated[float, Field(gt=0, le=1440)] = 30
    """Minutes between checkpoints."""
    restart_minutes: Annotated[float, Field(ge=0, le=1440)] = 15
    """Minutes from a fault until training goes on: new node, images, collective set-up, loading."""
    kept_checkpoints: Annotated[int, Field(ge=1, le=1000)] = 3
    """Checkpoints that are kept."""
    efa_interfaces: Annotated[int, Field(ge=0, le=32)] = 0
    """EFA interfaces that each training pod claims, from the class `efa.networking.k8s.aws` (decision 20)."""
    capacity_block: CapacityBlockFigures | None = None
    """The Capacity Block to train in, if one is bought."""


class AccountFigures(FiguresModel):
    """What the account and its network allow."""

    g_vcpus: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """EC2's quota `Running On-Demand G and VT instances` (L-DB2E81BA) in virtual CPUs."""
    p_vcpus: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """EC2's quota `Running On-Demand P instances` (L-417A185B) in virtual CPUs."""
    nat_gateways: Annotated[int, Field(ge=0, le=3)] = 1
    """NAT gateways."""
    s3_gateway_endpoint: bool = True
    """Whether S3 is reached through a gateway endpoint, which is free. The platform always creates one."""


class UseCaseFigures(FiguresModel):
    """One use case."""

    peak_factor: Annotated[float, Field(ge=1, le=100)]
    """The busiest hour's rate, divided by the average rate."""
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    """How long the lake keeps its events."""
    model_parameters: Annotated[int, Field(ge=1, le=10**13)] | None = None
    """Parameters of its model."""
    events: EventFigures | None = None
    """Its stream."""
    data: DataFigures | None = None
    """Its table of features."""
    serving: ServingFigures | None = None
    """Its inference."""
    training: TrainingFigures | None = None
    """Its training."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not (self.events or self.data or self.serving or self.training):
            raise refusal("the use case does nothing", allowed="events, data, serving or training")
        return self


class Figures(FiguresModel):
    """A file of figures."""

    region: Region
    """AWS region."""
    account: AccountFigures = AccountFigures()
    """What the account and its network allow."""
    use_cases: Annotated[dict[Name, UseCaseFigures], Field(min_length=1)]
    """Use cases by name."""
