"""Settings of what pods may do in AWS."""

from typing import Literal

from config.area import Area


class Access(Area):
    """How pods get permissions in AWS."""

    mode: Literal["irsa", "pod-identity"] = "irsa"
    """How the model servers' service account gets its role: by an annotation and the cluster's OIDC provider
    (IRSA), or by an association in EKS (Pod Identity, with its agent on every node). The role stays the same
    when this changes; controllers keep IRSA. Restart the models' pods after a change."""
