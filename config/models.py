"""Settings of the models: what is served, on how many GPUs, at which hostname."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Optional

from pydantic import Field

from config.area import Area, Fault, rule
from config.formats import DnsLabel, HostName, KeyPrefix, NonEmpty

_OWN_VALUES = {
    "model": "checkpointPrefix",
    "modelName": "modelName",
    "modelType": "modelType",
    "gpus": "gpus",
    "ingressHost": "hostname",
    "replicas": "replicas",
}
"""Chart values of one model that have a setting of their own, and that setting."""


class Model(Area):
    """One model: a Deployment, a Service and an Ingress of its own."""

    model_name: NonEmpty
    """Name that requests give in `model`. The hostname selects the model, so two may share a name."""
    model_type: Literal["agent", "agent_small", "completion"]
    """Class of serving defaults; Poolside names it for each model of the bundle."""
    gpus: Literal[1, 2, 4, 8]
    """GPUs of each replica, all on one node; the server shards the model across them."""
    hostname: HostName
    """Host that the model answers at, `https://<hostname>/v1` (the chart's `ingressHost`). Unique, and covered
    by `ingress.certificate.domainNames`."""
    checkpoint_prefix: Optional[KeyPrefix] = None
    """Where its checkpoint lies in the bucket: unpacked files, not the tar. Default:
    `<checkpoints.prefix>/<key>`."""
    replicas: Annotated[int, Field(ge=1)] = 1
    """Copies to run."""
    overrides: dict[str, Any] = Field(default={})
    """Further chart values for this model, as they stand under `models.<key>` of the chart."""

    @rule("overrides")
    def _overrides_have_no_own_setting(self) -> Iterator[Fault]:
        for key in self.overrides:
            if key in _OWN_VALUES:
                yield Fault(f"overrides.{key}", f"has a setting of its own; write {_OWN_VALUES[key]} instead")


Models = Annotated[dict[DnsLabel, Model], Field(min_length=1)]
"""The models by key; the key names the Deployment, the Service and the Ingress, and is a DNS label."""
