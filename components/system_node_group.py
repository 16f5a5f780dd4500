"""CPU nodes for controllers and add-ons: a managed node group that is always there."""

from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.instance_types import CPU_INSTANCE_TYPES
from components.launch_templates import block_devices, metadata_options, tag_specifications
from components.node_groups import check_al2023_release, node_repair_config, update_config
from components.node_role import node_role
from components.partitions import partition_of
from components.scheduling import SYSTEM_NODE_SELECTOR
from components.versions import AMI_RELEASES, KUBERNETES_SUPPORTED
from components.waiting import waiting_children


class SystemNodeGroupArgs(TypedDict):
    """Inputs of SystemNodeGroup."""

    cluster_name: pulumi.Input[str]
    """Name of the cluster in EKS."""
    kubernetes_version: str
    """Minor version of the cluster, one of KUBERNETES_SUPPORTED."""
    region: str
    """Region of the cluster: the partition of the managed policies follows from it."""
    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Private subnets, in two zones at least so that controllers outlive one."""
    instance_types: NotRequired[list[str]]
    """x86 types of CPU_INSTANCE_TYPES; EKS takes the first that has capacity. Default: m7i.xlarge."""
    desired_size: NotRequired[int]
    """Nodes to run. Default: 2, one per replica of each controller."""
    min_size: NotRequired[int]
    """Least nodes. Default: 2."""
    max_size: NotRequired[int]
    """Most nodes. Default: 3."""
    volume_size_gib: NotRequired[int]
    """Root volume of a node in GiB. Default: 50."""
    ami_release: NotRequired[str]
    """Release of the EKS AL2023 AMI, ``<Kubernetes patch version>-<date>``. Default: AMI_RELEASES."""
    tags: NotRequired[dict[str, str]]
    """Tags of every resource, and of the instances, volumes and interfaces. Default: none."""


class SystemNodeGroup(pulumi.ComponentResource):
    """A managed node group on AL2023 with the label that SYSTEM_NODE_SELECTOR selects, and no taint."""

    node_group_name: pulumi.Output[str]
    """Name in EKS; whoever takes it waits until the nodes have joined."""
    node_role_arn: pulumi.Output[str]
    """ARN of the nodes' role."""
    node_role_name: pulumi.Output[str]
    """Name of the nodes' role."""
    launch_template_id: pulumi.Output[str]
    """Id of the launch template."""

    def __init__(
        self, name: str, args: SystemNodeGroupArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:SystemNodeGroup", name, {}, own)
        _check(args)
        tags, version = args.get("tags") or {}, args["kubernetes_version"]
        desired, least, most = _sizes(args)

        role, attachments = node_role(name, partition_of(args["region"]), tags, self)

        # No security groups here: EKS then puts its own cluster group on the nodes. That one is tagged
        # kubernetes.io/cluster/<name>, and the ALB controller wants exactly one such group per interface.
        template = aws.ec2.LaunchTemplate(
            f"{name}-template",
            description=f"System nodes of {name}",
            block_device_mappings=block_devices("al2023", int(args.get("volume_size_gib", 50))),
            metadata_options=metadata_options(),
            tag_specifications=tag_specifications({**tags, "Name": name}),
            tags={**tags, "Name": name},
            opts=pulumi.ResourceOptions(parent=self),
        )
        nodes = aws.eks.NodeGroup(
            f"{name}-nodes",
            cluster_name=args["cluster_name"],
            node_role_arn=role.arn,
            subnet_ids=args["subnet_ids"],
            ami_type="AL2023_x86_64_STANDARD",
            version=version,
            release_version=args.get("ami_release") or AMI_RELEASES[version]["al2023"],
            capacity_type="ON_DEMAND",
            instance_types=_instance_types(args),
            launch_template={
                "id": template.id,
                "version": template.latest_version.apply(lambda latest: str(int(latest))),
            },
            scaling_config={"desired_size": desired, "min_size": least, "max_size": most},
            update_config=update_config(reserved=False),
            node_repair_config=node_repair_config(reserved=False),
            labels=SYSTEM_NODE_SELECTOR,
            tags={**tags, "Name": name},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*needs, *attachments]),
        )

        self.node_group_name = nodes.node_group_name
        self.node_role_arn = role.arn
        self.node_role_name = role.name
        self.launch_template_id = template.id
        self.register_outputs(
            {
                "nodeGroupName": self.node_group_name,
                "nodeRoleArn": self.node_role_arn,
                "nodeRoleName": self.node_role_name,
                "launchTemplateId": self.launch_template_id,
            }
        )


def _instance_types(args: SystemNodeGroupArgs) -> list[str]:
    return args.get("instance_types", ["m7i.xlarge"])


def _sizes(args: SystemNodeGroupArgs) -> tuple[int, int, int]:
    return int(args.get("desired_size", 2)), int(args.get("min_size", 2)), int(args.get("max_size", 3))


def _check(args: SystemNodeGroupArgs) -> None:
    errors = ArgumentErrors("SystemNodeGroup")
    errors.require(args, "cluster_name", "kubernetes_version", "region", "subnet_ids")
    errors.one_of("kubernetesVersion", args.get("kubernetes_version") or None, KUBERNETES_SUPPORTED)
    if not _instance_types(args):
        errors.add("instanceTypes", "is empty; name at least one type")
    for index, instance_type in enumerate(_instance_types(args)):
        errors.one_of(f"instanceTypes[{index}]", instance_type, CPU_INSTANCE_TYPES)
    desired, least, most = _sizes(args)
    if least < 0:
        errors.add("minSize", f"is {least}; it must be 0 at least")
    if most < 1:
        errors.add("maxSize", f"is {most}; it must be 1 at least")
    if not least <= desired <= most:
        errors.add("desiredSize", f"is {desired}; it must lie between minSize {least} and maxSize {most}")
    if int(args.get("volume_size_gib", 50)) < 20:
        errors.add("volumeSizeGib", f"is {args.get('volume_size_gib')}; the EKS AMI needs 20 at least")
    check_al2023_release(args.get("kubernetes_version") or "", args.get("ami_release"), errors)
    errors.raise_if_any()
