"""SSM's public parameters of EKS's machine images: the releases of our version table, and what is built from them.

Only the releases that the table pins are known; their image ids are those of the simulated nodes.
"""

import datetime

from components.versions import AMI_RELEASES
from localcloud.api.beside.registry import prepares
from localcloud.api.libraries import module
from localcloud.api.world import World
from localcloud.aws.rules.node_group_launch import image_id

_AL2023 = {
    ("x86_64", "standard"): "AL2023_x86_64_STANDARD",
    ("x86_64", "nvidia"): "AL2023_x86_64_NVIDIA",
    ("arm64", "standard"): "AL2023_ARM_64_STANDARD",
    ("arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
}
_BOTTLEROCKET = {
    ("x86_64", ""): "BOTTLEROCKET_x86_64",
    ("x86_64", "-nvidia"): "BOTTLEROCKET_x86_64_NVIDIA",
    ("arm64", ""): "BOTTLEROCKET_ARM_64",
    ("arm64", "-nvidia"): "BOTTLEROCKET_ARM_64_NVIDIA",
}


def parameters() -> dict[str, str]:
    """Name and value of each parameter."""
    found: dict[str, str] = {}
    for kubernetes, releases in AMI_RELEASES.items():
        release = releases["al2023"]
        for (architecture, variant), ami_type in _AL2023.items():
            name = (
                f"amazon-eks-node-al2023-{architecture}-{variant}-{kubernetes}-v{release.rsplit('-', 1)[-1]}"
            )
            root = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023/{architecture}/{variant}"
            for folder in ("recommended", name):
                found[f"{root}/{folder}/image_id"] = image_id(ami_type, release)
                found[f"{root}/{folder}/image_name"] = name
                found[f"{root}/{folder}/release_version"] = release
        release = releases["bottlerocket"]
        for (architecture, variant), ami_type in _BOTTLEROCKET.items():
            root = f"/aws/service/bottlerocket/aws-k8s-{kubernetes}{variant}/{architecture}"
            for folder in ("latest", release):
                found[f"{root}/{folder}/image_id"] = image_id(ami_type, release)
                found[f"{root}/{folder}/image_version"] = release
    return found


@prepares
def keep_parameters(world: World) -> None:
    """Put them in past the API: PutParameter refuses names below ``/aws``."""
    backend = world.simulator.backend("ssm")
    kind = module("moto.ssm.models").Parameter
    for name, value in parameters().items():
        backend._parameters[name] = [
            kind(
                account_id=world.account.account_id,
                name=name,
                value=value,
                parameter_type="String",
                description=None,
                allowed_pattern=None,
                keyid=None,
                last_modified_date=datetime.datetime(2026, 7, 14, tzinfo=datetime.UTC),
                version=1,
                data_type="text",
            )
        ]
