"""Settings of the serving chart: where it comes from, where it goes, and its free values."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Optional, cast

from pydantic import Field

from config.area import Area, Fault, rule
from config.formats import DnsLabel, NonEmpty, matching

DEFAULT_PATH = "charts/inference"
"""The chart of this project, relative to it."""

ChartVersion = Annotated[
    str, matching(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", "a full version such as 1.4.0")
]
OciReference = Annotated[
    str,
    matching(r"oci://[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+", "oci://<registry>/<path>/<chart>, without a tag"),
]
RepositoryUrl = Annotated[str, matching(r"https://\S+", "an https:// address of a chart repository")]
ReleaseName = Annotated[
    str,
    matching(
        r"(?=.{1,40}$)[a-z]([a-z0-9-]*[a-z0-9])?", "up to 40 of a-z 0-9 and inner hyphens, a letter first"
    ),
]

_ALB = "alb.ingress.kubernetes.io/"
_OWN_VALUES: dict[tuple[str, ...], str] = {
    ("fullnameOverride",): "chart.releaseName",
    ("models",): "models",
    ("image", "registry"): "images.registry",
    ("image", "name"): "images.name",
    ("image", "tag"): "images.tag",
    ("serviceAccount", "create"): "chart.createServiceAccount",
    ("serviceAccount", "name"): "chart.serviceAccountName",
    ("serviceAccount", "annotations", "eks.amazonaws.com/role-arn"): "",
    ("authentication", "secretName"): "vllmApiKey",
    ("s3", "secretName"): "s3AccessKeyId and s3SecretAccessKey",
    ("ingress", "enabled"): "",
    ("ingress", "className"): "",
    ("ingress", "annotations", f"{_ALB}scheme"): "ingress.scheme",
    ("ingress", "annotations", f"{_ALB}group.name"): "ingress.groupName",
    ("ingress", "annotations", f"{_ALB}certificate-arn"): "ingress.certificate.arn",
    ("ingress", "annotations", f"{_ALB}ssl-policy"): "ingress.sslPolicy",
    ("ingress", "annotations", f"{_ALB}inbound-cidrs"): "ingress.inboundCidrs",
    ("ingress", "annotations", f"{_ALB}listen-ports"): "",
    ("ingress", "annotations", f"{_ALB}ssl-redirect"): "",
    ("ingress", "annotations", f"{_ALB}target-type"): "",
    ("ingress", "annotations", f"{_ALB}healthcheck-path"): "",
}
"""Chart values that the plane computes, and the setting to change them by (empty: there is none)."""


class OciChart(Area):
    """A chart in an OCI registry."""

    reference: OciReference
    """Where it is."""
    version: ChartVersion
    """Its version; pinned, so that an `up` does not change it unasked."""


class RepositoryChart(Area):
    """A chart in a classic chart repository."""

    url: RepositoryUrl
    """Address of the repository."""
    name: DnsLabel
    """Name of the chart in it."""
    version: ChartVersion
    """Its version; pinned, so that an `up` does not change it unasked."""


class Chart(Area):
    """The Helm release of the serving chart: ours, or the chart of Poolside's bundle with the same values."""

    path: Optional[NonEmpty] = None
    """Folder of the chart, relative to the project or absolute; for the bundle, its `charts/inference`.
    Default: `charts/inference`, unless `oci` or `repository` is given."""
    oci: Optional[OciChart] = None
    """Take the chart from an OCI registry instead."""
    repository: Optional[RepositoryChart] = None
    """Take the chart from a chart repository instead."""
    namespace: DnsLabel = "poolside-models"
    """Namespace that everything is installed into; the role's trust names it."""
    release_name: ReleaseName = "inference"
    """Name of the release, and of its objects: `<releaseName>-<model key>`."""
    service_account_name: DnsLabel = "inference"
    """Service account of the model pods; the role's trust names it."""
    create_service_account: bool = True
    """Whether the chart creates the service account; write `false` if it exists and carries the role already."""
    timeout_seconds: Annotated[int, Field(ge=60, le=21600)] = 3600
    """Seconds until the release counts as failed: pods load tens of GB before they are ready."""
    values: dict[str, Any] = Field(default={})
    """Further chart values, laid over those that the plane computes."""

    @property
    def local_path(self) -> str | None:
        """Folder of the chart; none if it comes from a registry or repository."""
        return None if self.oci or self.repository else self.path or DEFAULT_PATH

    @rule("path", "oci", "repository")
    def _one_source(self) -> Iterator[Fault]:
        sources = {"path": self.path, "oci": self.oci, "repository": self.repository}
        given = [key for key, value in sources.items() if value is not None]
        if len(given) > 1:
            yield Fault("", f"names {len(given)} sources ({', '.join(given)}); give one of them")

    @rule("values")
    def _values_have_no_own_setting(self) -> Iterator[Fault]:
        for keys, setting in _OWN_VALUES.items():
            if _holds(self.values, keys):
                remedy = (
                    f"set {setting} instead" if setting else "it follows from other settings, leave it out"
                )
                yield Fault(f"values.{'.'.join(keys)}", f"is computed by the plane; {remedy}")


def _holds(values: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    first, *rest = keys
    if not rest:
        return first in values
    inside = values.get(first)
    return isinstance(inside, dict) and _holds(cast("dict[str, Any]", inside), tuple(rest))
