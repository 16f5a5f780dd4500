"""EKS managed node groups: what EKS refuses, and the nodes they bring."""

import base64
import hashlib
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from components.instance_types import INSTANCE_TYPES
from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.capacity import check_reservation, launch_of, place
from localcloud.aws.errors import AwsError
from localcloud.aws.node_objects import NodePlan, node_object, node_taints
from localcloud.aws.rules.base import Call, Reference, Rule, plain, rule, text, values_at
from localcloud.aws.rules.eks import CLUSTER, CLUSTER_REFERENCE, NODE_GROUP, VERSIONS, check_role, minor
from localcloud.aws.rules.iam import ATTACHMENT
from localcloud.aws.rules.launch import template_version
from localcloud.aws.rules.network import (
    ASSOCIATION,
    INSTANCE,
    INTERNET_GATEWAY,
    ROUTE,
    SECURITY_GROUP,
    SUBNET,
    free_address,
    way_out,
)
from localcloud.aws.store import Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import CheckFailure, Properties, ProviderError

_JOIN_SECONDS = 30.0
_NODE_SECONDS = 120.0
_RESERVED_PREFIXES = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_RETIRED_AMI_TYPES = ("AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64")
_DEFAULT_VOLUME_GIB = 20
_ROLE_POLICIES = (
    ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
)


@rule(NODE_GROUP)
class NodeGroupRule(Rule):
    """A managed node group."""

    references = (
        CLUSTER_REFERENCE,
        Reference(
            "subnetIds",
            (SUBNET,),
            "InvalidParameterException",
            "The subnet ID '{}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: "
            "InvalidSubnetID.NotFound)",
        ),
    )
    defaults: ClassVar[Properties] = {"capacityType": "ON_DEMAND"}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """What the provider refuses before it calls EKS."""
        del account
        failures: list[CheckFailure] = []
        template = at(inputs, "launchTemplate")
        if template and bool(template.get("id")) == bool(template.get("name")):
            failures.append(CheckFailure("launchTemplate", "give exactly one of id and name"))
        if inputs.get("launchTemplate") and inputs.get("remoteAccess"):
            failures.append(CheckFailure("remoteAccess", "conflicts with launchTemplate"))
        update = at(inputs, "updateConfig")
        if update.get("maxUnavailable") and update.get("maxUnavailablePercentage"):
            failures.append(
                CheckFailure("updateConfig", "give one of maxUnavailable and maxUnavailablePercentage")
            )
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster and group."""
        return f"{inputs['clusterName']}:{_group_name(inputs)}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Everything that EKS looks at before it makes or changes a group."""
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        assert cluster is not None
        if record is None:
            if call.store.get(NODE_GROUP, self.identity(call, inputs)):
                raise AwsError(
                    "ResourceInUseException",
                    f"NodeGroup already exists with name {inputs['nodeGroupName']} and cluster name {cluster.id}",
                )
            role = text(inputs.get("nodeRoleArn"))
            check_role(
                call,
                role,
                "ec2.amazonaws.com",
                "Following required service principals [ec2.amazonaws.com] were not found in the trust "
                f"relationships of nodeRole {role}",
            )
        _check_sizes(inputs)
        _check_labels(inputs)
        _check_versions(inputs, cluster)
        template = _template(call, inputs)
        _check_template(inputs, template)
        _check_subnets(call, inputs, cluster, template)
        launch = launch_of(template, _instance_types(inputs, template), _zones(call, inputs))
        check_reservation(call, launch)
        running = len(_instances(call, self.identity(call, inputs))) if record else 0
        if _exchanges_instances(record, inputs):
            return  # instances are exchanged: the new ones are placed as the old ones go
        place(call, launch, max(0, _desired(inputs) - running))

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """What EKS chooses, and the Auto Scaling group behind the node group."""
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        version = inputs.get("version") or (cluster.state.get("version") if cluster else VERSIONS[-2])
        template = _template(call, inputs)
        name, uuid = _group_name(inputs), names.new_uuid()
        more: Properties = {
            "status": "ACTIVE",
            "arn": call.arn("eks", f"nodegroup/{inputs['clusterName']}/{name}/{uuid}"),
            "nodeGroupName": name,
            "version": version,
            "amiType": inputs.get("amiType")
            or ("CUSTOM" if template.get("imageId") else "AL2023_x86_64_STANDARD"),
            "releaseVersion": inputs.get("releaseVersion") or f"{version}.0-20260714",
            "instanceTypes": inputs.get("instanceTypes")
            or ([] if template.get("instanceType") else ["t3.medium"]),
            "diskSize": inputs.get("diskSize") or (0 if template else _DEFAULT_VOLUME_GIB),
            "resources": [
                {
                    "autoscalingGroups": [{"name": f"eks-{name}-{uuid}"}],
                    "remoteAccessSecurityGroupId": "",
                }
            ],
            "updateConfig": inputs.get("updateConfig") or {"maxUnavailable": 1},
        }
        if inputs.get("launchTemplate"):
            more["launchTemplate"] = _complete_template(call, inputs)
        return more

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """The launch template under both its names."""
        return {"launchTemplate": _complete_template(call, new)} if new.get("launchTemplate") else {}

    def created(self, call: Call, record: Record) -> Properties:
        """Launch the instances and wait until their nodes are ready."""
        self._scale(call, record)
        return {}

    def updated(self, call: Call, old: Record, record: Record) -> Properties:
        """Labels and taints on the nodes, then a new set of instances or a new number of them."""
        present = _instances(call, record.id)
        labels: dict[str, str | None] = {
            **dict.fromkeys(_labels(old.state)),
            **_labels(record.state),
        }
        if (labels, _taints(old.state)) != (_labels(old.state), _taints(record.state)):
            node_names = [text(one.state.get("nodeName")) for one in present]
            call.cluster.change_nodes(node_names, labels, node_taints(_taints(record.state)))
        if _generation(old.state) != _generation(record.state):
            self._roll(call, record, present)
        self._scale(call, record)
        return {}

    def deleted(self, call: Call, record: Record) -> None:
        """Drain and terminate every instance."""
        self._terminate(call, _instances(call, record.id))

    def _scale(self, call: Call, record: Record) -> None:
        present = _instances(call, record.id)
        missing = _desired(record.state) - len(present)
        if missing < 0:
            self._terminate(call, present[missing:])
            present = present[:missing]
        if missing > 0:
            _wait_for_way_in(call, record)
            self._launch(call, record, missing)
        elif present:
            # After an interrupted create the instances may be there without their nodes.
            call.cluster.add_nodes([one.state["node"] for one in present], _seconds(call))

    def _roll(self, call: Call, record: Record, present: list[Record]) -> None:
        """Exchange instances: before the new ones start if the group has room for none beside the old."""
        minimal = at(record.state, "updateConfig").get("updateStrategy") == "MINIMAL"
        for one in present:
            if minimal:
                self._terminate(call, [one])
                self._launch(call, record, 1)
            else:
                self._launch(call, record, 1)
                self._terminate(call, [one])

    def _launch(self, call: Call, record: Record, count: int) -> None:
        with call.store.transaction():
            instances = _plan_instances(call, record, count)
            for one in instances:
                call.store.put(one)
        call.cluster.add_nodes([one.state["node"] for one in instances], _seconds(call))

    def _terminate(self, call: Call, instances: list[Record]) -> None:
        call.cluster.remove_nodes([text(one.state.get("nodeName")) for one in instances], _seconds(call))
        with call.store.transaction():
            for one in instances:
                call.store.delete(INSTANCE, one.id)


def _seconds(call: Call) -> float:
    return min(call.remaining, _NODE_SECONDS)


def _group_name(inputs: Mapping[str, Any]) -> str:
    return text(inputs.get("nodeGroupName")) or names.prefixed_name(text(inputs.get("nodeGroupNamePrefix")))


def _desired(state: Mapping[str, Any]) -> int:
    return int(at(state, "scalingConfig").get("desiredSize", 0))


def _labels(state: Mapping[str, Any]) -> dict[str, str]:
    return dict(state.get("labels") or {})


def _taints(state: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    return tuple(state.get("taints") or ())


def _generation(state: Mapping[str, Any]) -> list[Any]:
    """What an instance is made from."""
    template = at(state, "launchTemplate")
    return [template.get("version"), state.get("version"), state.get("releaseVersion")]


def _exchanges_instances(record: Record | None, inputs: Properties) -> bool:
    if record is None:
        return False
    new = {**record.state, **inputs}
    given = at(new, "launchTemplate")
    return _generation(new) != _generation(record.state) or given.get("version") in ("$Latest", "$Default")


def _template(call: Call, inputs: Properties) -> Properties:
    given = inputs.get("launchTemplate")
    return plain(template_version(call, given)[1]) if given else {}


def _complete_template(call: Call, inputs: Properties) -> Properties:
    given: Properties = inputs["launchTemplate"]
    found, _ = template_version(call, given)
    version = str(given.get("version", "$Default"))
    return {"id": found.id, "name": found.state.get("name"), "version": version}


def _instance_types(inputs: Mapping[str, Any], template: Mapping[str, Any]) -> list[str]:
    own = text(template.get("instanceType"))
    return list(inputs.get("instanceTypes") or []) or ([own] if own else ["t3.medium"])


def _zones(call: Call, inputs: Mapping[str, Any]) -> list[str]:
    subnets = [call.store.get(SUBNET, id_) for id_ in values_at(inputs, "subnetIds")]
    return [text(one.state.get("availabilityZone")) for one in subnets if one]


def _instances(call: Call, group: str) -> list[Record]:
    return call.store.find(INSTANCE, nodeGroupId=group)


def _check_sizes(inputs: Properties) -> None:
    sizes: Properties = inputs["scalingConfig"]
    least, desired, most = sizes["minSize"], sizes["desiredSize"], sizes["maxSize"]
    if most < 1:
        raise AwsError("InvalidParameterException", "maxSize must be at least 1")
    if desired > most:
        raise AwsError(
            "InvalidParameterException", f"desired capacity {desired} can't be greater than max size {most}"
        )
    if least > desired:
        raise AwsError(
            "InvalidParameterException",
            f"Minimum capacity {least} can't be greater than desired size {desired}",
        )


def _check_labels(inputs: Properties) -> None:
    for key in _labels(inputs):
        if key.startswith(_RESERVED_PREFIXES):
            raise AwsError(
                "InvalidParameterException",
                f"Label cannot contain reserved prefixes [{', '.join(_RESERVED_PREFIXES)}]: {key}",
            )
    if len(_taints(inputs)) > 50:
        raise AwsError("InvalidParameterException", "Maximum number of taints is 50")


def _check_versions(inputs: Properties, cluster: Record) -> None:
    current = text(cluster.state.get("version"))
    version = text(inputs.get("version")) or current
    release, ami = text(inputs.get("releaseVersion")), text(inputs.get("amiType"))
    if version not in VERSIONS or minor(version) > minor(current):
        raise AwsError(
            "InvalidParameterException",
            f"Requested Nodegroup version {version} is not valid for a cluster of version {current}",
        )
    if ami in _RETIRED_AMI_TYPES and minor(version) > 32:
        raise AwsError(
            "InvalidParameterException",
            f"AMI Type {ami} is only supported for kubernetes versions 1.32 or earlier",
        )
    # Bottlerocket counts its own releases; the other families begin with the Kubernetes version.
    if release and not ami.startswith("BOTTLEROCKET") and not release.startswith(f"{version}."):
        raise AwsError(
            "InvalidParameterException",
            f"Requested release version {release} is not valid for kubernetes version {version}.",
        )


def _check_template(inputs: Properties, template: Properties) -> None:
    if not inputs.get("launchTemplate"):
        if inputs.get("capacityType") == "CAPACITY_BLOCK":
            raise AwsError("InvalidParameterException", "Capacity Blocks require a launch template.")
        return
    code = "InvalidRequestException"
    own_type = template.get("instanceType")
    market = at(template, "instanceMarketOptions").get("marketType")
    if own_type and inputs.get("instanceTypes"):
        raise AwsError(code, "Cannot specify instance types in launch template and API request")
    if inputs.get("diskSize"):
        raise AwsError("InvalidParameterException", "Disk size must be specified within the launch template.")
    if template.get("iamInstanceProfile"):
        raise AwsError(
            "InvalidParameterException",
            "Your launch template cannot specify an IAM instance profile: the node role is part of the API request.",
        )
    if template.get("imageId") and inputs.get("amiType") not in (None, "CUSTOM"):
        raise AwsError(
            "InvalidParameterException",
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
        )
    if market == "spot":
        raise AwsError(code, "Cannot specify Spot instance market options in the launch template")
    block = inputs.get("capacityType") == "CAPACITY_BLOCK"
    if block != (market == "capacity-block"):
        raise AwsError(
            "InvalidParameterException",
            "Capacity type CAPACITY_BLOCK and the launch template's market type capacity-block go together: "
            f"capacity type is {inputs.get('capacityType', 'ON_DEMAND')}, market type is {market or 'not set'}.",
        )
    if block and not own_type:
        raise AwsError(
            "InvalidParameterException",
            "A node group of a Capacity Block needs the instance type in its launch template.",
        )
    _check_interfaces(inputs, template)


def _check_interfaces(inputs: Properties, template: Properties) -> None:
    interfaces = each(template, "networkInterfaces")
    if any(one.get("subnetId") for one in interfaces):
        raise AwsError(
            "InvalidParameterException",
            "Subnets must be specified in the API request, not in the launch template.",
        )
    for name in _instance_types(inputs, template):
        type_ = INSTANCE_TYPES.get(name)
        if type_ is None:
            continue
        efa = [one for one in interfaces if one.get("interfaceType") in ("efa", "efa-only")]
        if len(efa) > type_.efa_interfaces:
            raise AwsError(
                "InvalidParameterCombination",
                f"EFA interfaces are limited to {type_.efa_interfaces} on {name}; the launch template has {len(efa)}.",
            )
        cards = {int(one.get("networkCardIndex") or 0) for one in interfaces}
        if cards and max(cards) >= type_.network_cards:
            raise AwsError(
                "InvalidParameterValue",
                f"Network card index {max(cards)} is not valid: {name} has {type_.network_cards} network cards.",
            )


def _check_subnets(call: Call, inputs: Properties, cluster: Record, template: Properties) -> None:
    subnets = [one for one in (call.store.get(SUBNET, id_) for id_ in inputs["subnetIds"]) if one]
    vpc = cluster.state["vpcConfig"]["vpcId"]
    strangers = [one.id for one in subnets if one.state.get("vpcId") != vpc]
    if strangers:
        raise AwsError(
            "InvalidParameterException",
            f"Subnets {', '.join(strangers)} are not in the VPC {vpc} of the cluster.",
        )
    if inputs.get("capacityType") == "CAPACITY_BLOCK" and len(subnets) != 1:
        raise AwsError(
            "InvalidParameterException",
            f"A node group of a Capacity Block takes exactly one subnet, in the block's zone; got {len(subnets)}.",
        )
    for group in values_at(template, "vpcSecurityGroupIds"):
        if call.store.get(SECURITY_GROUP, group) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    interfaces = each(template, "networkInterfaces")
    for one in subnets:
        if not _is_public(call, one):
            continue
        if len(interfaces) > 1:
            raise AwsError(
                "InvalidParameterCombination",
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
                f"interfaces: {one.id} is a public subnet.",
            )
        if not one.state.get("mapPublicIpOnLaunch"):
            raise AwsError(
                "Ec2SubnetInvalidConfiguration",
                f"One or more Amazon EC2 Subnets of [{one.id}] for node group {_group_name(inputs)} does not "
                "automatically assign public IP addresses to instances launched into it.",
            )


def _is_public(call: Call, subnet: Record) -> bool:
    gateways = {one.id for one in call.store.all(INTERNET_GATEWAY)}
    return any(
        route.state.get("gatewayId") in gateways
        for association in call.store.find(ASSOCIATION, subnetId=subnet.id)
        for route in call.store.find(ROUTE, routeTableId=association.state["routeTableId"])
    )


def _wait_for_way_in(call: Call, record: Record) -> None:
    """Nodes join once their subnets reach the AWS APIs and their role has its policies."""
    deadline = time.monotonic() + min(call.remaining, _JOIN_SECONDS)
    while True:
        problem = _why_not_joined(call, record)
        if problem is None:
            return
        if time.monotonic() > deadline:
            raise ProviderError(
                f"NodeCreationFailure: Instances failed to join the kubernetes cluster: {problem}"
            )
        time.sleep(0.2)


def _why_not_joined(call: Call, record: Record) -> str | None:
    for id_ in record.state["subnetIds"]:
        subnet = call.store.get(SUBNET, id_)
        if subnet and not way_out(call, subnet):
            return (
                f"subnet {id_} has no route to a NAT or internet gateway, nor the interface endpoints ec2, ecr.api, "
                "ecr.dkr, sts and the s3 endpoint"
            )
    role = text(record.state.get("nodeRoleArn")).rsplit("/", 1)[-1]
    attached = {
        text(one.state.get("policyArn")).rsplit("/", 1)[-1]
        for one in call.store.all(ATTACHMENT)
        if text(one.state.get("role")).rsplit("/", 1)[-1] == role
    }
    own = call.store.get("aws:iam/role:Role", role)
    if own and own.origin != "account":
        for options in _ROLE_POLICIES:
            if not attached & set(options):
                return f"role {role} has none of the policies {', '.join(options)}"
    return None


def _plan_instances(call: Call, record: Record, count: int) -> list[Record]:
    """Instances for a node group, placed where EC2 has room for them."""
    state = record.state
    template = _template(call, state)
    subnets = [one for one in (call.store.get(SUBNET, id_) for id_ in state["subnetIds"]) if one]
    launch = launch_of(template, _instance_types(state, template), _zones(call, state))
    placed = place(call, launch, count)
    cluster = call.store.get(CLUSTER, state["clusterName"])
    groups = [
        *values_at(template, "vpcSecurityGroupIds"),
        *values_at(template, "networkInterfaces.securityGroups"),
    ]
    if not groups and cluster:
        groups = [cluster.state["vpcConfig"]["clusterSecurityGroupId"]]
    instances: list[Record] = []
    for type_, zone, reservation in placed:
        subnet = next(one for one in subnets if one.state.get("availabilityZone") == zone)
        id_ = names.ec2_id("i")
        address = free_address(call, subnet)
        plan = _node_plan(call, record, template, subnet, type_, address, id_)
        one = Record(
            INSTANCE,
            id_,
            "",
            {},
            {
                "nodeGroupId": record.id,
                "nodeName": plan.name,
                "node": node_object(plan),
                "subnetId": subnet.id,
                "availabilityZone": zone,
                "privateIp": address,
                "instanceType": type_,
                "vpcSecurityGroupIds": sorted(set(groups)),
                "capacityReservationId": reservation,
                "placementGroup": at(template, "placement").get("groupName", ""),
                "tags": {
                    "eks:cluster-name": state["clusterName"],
                    "eks:nodegroup-name": state["nodeGroupName"],
                },
            },
            origin="eks",
        )
        call.store.put(one)  # so that the next one gets another address
        instances.append(one)
    return instances


def _node_plan(
    call: Call, record: Record, template: Properties, subnet: Record, type_: str, address: str, id_: str
) -> NodePlan:
    state = record.state
    release = text(state.get("releaseVersion"))
    ami = text(state.get("amiType"))
    kubernetes = f"{state['version']}.0" if ami.startswith("BOTTLEROCKET") else release.split("-")[0]
    given = at(state, "launchTemplate")
    return NodePlan(
        cluster=state["clusterName"],
        group=state["nodeGroupName"],
        region=call.region,
        zone=text(subnet.state.get("availabilityZone")),
        zone_id=text(subnet.state.get("availabilityZoneId")),
        address=address,
        instance_id=id_,
        instance_type=type_,
        ami_type=ami,
        image_id=text(template.get("imageId")) or f"ami-0{_stable_hex(ami + release)}",
        capacity_type=text(state.get("capacityType")),
        kubernetes_version=kubernetes,
        storage_gib=_storage(template, ami, type_, int(state.get("diskSize") or 0)),
        labels=_labels(state),
        taints=_taints(state),
        launch_template={"id": text(given.get("id")), "version": text(given.get("version"))} if given else {},
    )


def _stable_hex(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _storage(template: Properties, ami: str, type_: str, disk_size: int) -> int:
    """GiB for images and pods' local data: the instance store where user data claims it, else the volume."""
    data = text(template.get("userData"))
    script = base64.b64decode(data).decode(errors="replace") if data else ""
    if "RAID0" in script or "ephemeral-storage" in script:
        return int(INSTANCE_TYPES[type_].nvme_gb * 10**9 / 2**30)
    device = "/dev/xvdb" if ami.startswith("BOTTLEROCKET") else "/dev/xvda"
    for mapping in each(template, "blockDeviceMappings"):
        size = at(mapping, "ebs").get("volumeSize")
        if mapping.get("deviceName") == device and size:
            return int(size)
    return disk_size or _DEFAULT_VOLUME_GIB
