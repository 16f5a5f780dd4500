"""EKS managed node groups: what EKS refuses, and the nodes they bring."""

from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.capacity import check_reservation, launch_of, place
from localcloud.aws.errors import AwsError
from localcloud.aws.node_objects import node_taints
from localcloud.aws.rules.base import Call, Reference, Rule, rule, text
from localcloud.aws.rules.eks_cluster_checks import (
    CLUSTER,
    CLUSTER_REFERENCE,
    NODE_GROUP,
    VERSIONS,
    check_role,
)
from localcloud.aws.rules.instances_volumes import terminate_parts
from localcloud.aws.rules.network import SUBNET
from localcloud.aws.rules.node_group_checks import (
    check_labels,
    check_sizes,
    check_subnets,
    check_versions,
)
from localcloud.aws.rules.node_group_inputs import (
    complete_template,
    desired_size,
    exchanges_instances,
    generation,
    group_name,
    group_taints,
    instance_types,
    instances_of,
    node_labels,
    template_data,
    zones_of,
)
from localcloud.aws.rules.node_group_launch import plan_instances, wait_for_way_in
from localcloud.aws.rules.node_group_templates import (
    check_image,
    check_interfaces,
    check_template,
    check_volumes,
)
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import CheckFailure, Properties
from localcloud.simulation.faults_account import wait_for_capacity

_NODE_SECONDS = 120.0
_DEFAULT_DISK_GIB = 20


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
        return f"{inputs['clusterName']}:{group_name(inputs)}"

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
        check_sizes(call, inputs)
        check_labels(inputs)
        check_versions(inputs, cluster, record)
        template = template_data(call, inputs)
        check_template(inputs, template)
        check_image(inputs, template)
        check_interfaces(inputs, template)
        check_subnets(call, inputs, cluster, template)
        launch = launch_of(
            template,
            instance_types(inputs, template),
            zones_of(call, inputs),
            text(inputs.get("capacityType")) or "ON_DEMAND",
        )
        check_reservation(call, launch)
        running = len(instances_of(call, self.identity(call, inputs))) if record else 0
        if exchanges_instances(record, inputs):
            return  # instances are exchanged: the new ones are placed as the old ones go
        wanted = max(0, desired_size(inputs) - running)
        if wanted:
            check_volumes(call, template)
        place(call, launch, wanted)
        most = call.account.quotas.node_groups_per_cluster
        if record is None and len(call.store.find(NODE_GROUP, clusterName=cluster.id)) >= most:
            raise AwsError(
                "ResourceLimitExceededException",
                f"Limit of {most} managed node groups per cluster has been reached for {cluster.id}",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """What EKS chooses, and the Auto Scaling group behind the node group."""
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        version = inputs.get("version") or (cluster.state.get("version") if cluster else VERSIONS[-2])
        template = template_data(call, inputs)
        name, uuid = group_name(inputs), names.new_uuid()
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
            "diskSize": inputs.get("diskSize") or (0 if template else _DEFAULT_DISK_GIB),
            "resources": [
                {
                    "autoscalingGroups": [{"name": f"eks-{name}-{uuid}"}],
                    "remoteAccessSecurityGroupId": "",
                }
            ],
            "updateConfig": inputs.get("updateConfig") or {"maxUnavailable": 1},
        }
        if inputs.get("launchTemplate"):
            more["launchTemplate"] = complete_template(call, inputs)
        return more

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """The launch template under both its names."""
        return {"launchTemplate": complete_template(call, new)} if new.get("launchTemplate") else {}

    def created(self, call: Call, record: Record) -> Properties:
        """Launch the instances and wait until their nodes are ready."""
        self._scale(call, record)
        return {}

    def updated(self, call: Call, record: Record) -> Properties:
        """Labels and taints on the nodes, then a new set of instances or a new number of them."""
        self._mark(call, record)
        self._roll(call, record)
        self._scale(call, record)
        return {}

    def deleted(self, call: Call, record: Record) -> None:
        """Drain and terminate every instance."""
        self._terminate(call, instances_of(call, record.id))

    def _mark(self, call: Call, record: Record) -> None:
        """Bring labels and taints of nodes in line with the group's."""
        labels, taints = node_labels(record.state), node_taints(group_taints(record.state))
        for one in instances_of(call, record.id):
            old = at(one.state, "labels")
            if (old, one.state.get("taints")) == (labels, taints):
                continue
            changes: dict[str, str | None] = {**dict.fromkeys(old), **labels}
            call.cluster.change_nodes([text(one.state.get("nodeName"))], changes, taints)
            with call.store.transaction():
                state = {**one.state, "labels": labels, "taints": taints}
                call.store.put(Record(one.type, one.id, one.name, one.inputs, state, one.origin))

    def _scale(self, call: Call, record: Record) -> None:
        present = instances_of(call, record.id)
        missing = desired_size(record.state) - len(present)
        if missing < 0:
            self._terminate(call, present[missing:])
            present = present[:missing]
        # After an interrupted create the instances may be there without their nodes.
        call.cluster.add_nodes([one.state["node"] for one in present], _seconds(call))
        if missing > 0:
            wait_for_way_in(call, record)
            self._launch(call, record, missing)

    def _roll(self, call: Call, record: Record) -> None:
        """Exchange old instances; before the new ones start if the group has no room for both."""
        minimal = at(record.state, "updateConfig").get("updateStrategy") == "MINIMAL"
        wanted = generation(record.state)
        for one in instances_of(call, record.id):
            if one.state.get("generation") == wanted:
                continue
            if minimal:
                self._terminate(call, [one])
                self._launch(call, record, 1)
            else:
                self._launch(call, record, 1)
                self._terminate(call, [one])

    def _launch(self, call: Call, record: Record, count: int) -> None:
        wanted = instance_types(record.state, template_data(call, record.state))
        wait_for_capacity(call.home, " or ".join(wanted), ", ".join(zones_of(call, record.state)))
        with call.store.transaction():
            instances = plan_instances(call, record, count)
            for one in instances:
                call.store.put(one)
        call.cluster.add_nodes([one.state["node"] for one in instances], _seconds(call))

    def _terminate(self, call: Call, instances: list[Record]) -> None:
        call.cluster.remove_nodes([text(one.state.get("nodeName")) for one in instances], _seconds(call))
        with call.store.transaction():
            for one in instances:
                terminate_parts(call, one.id)


def _seconds(call: Call) -> float:
    return min(call.remaining, _NODE_SECONDS)
