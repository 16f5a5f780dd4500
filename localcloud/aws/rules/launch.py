"""Launch templates, placement groups and reserved capacity."""

import base64
import binascii
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CAPACITY_RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
CAPACITY_BLOCK = "aws:ec2/capacityBlockReservation:CapacityBlockReservation"
RESOURCE_GROUP = "aws:resourcegroups/group:Group"
GROUP_MEMBER = "aws:resourcegroups/resource:Resource"
PLACEMENT_GROUP = "aws:ec2/placementGroup:PlacementGroup"

_UNVERSIONED = frozenset({"tags", "tagsAll", "defaultVersion", "updateDefaultVersion", "name", "region"})


@rule(LAUNCH_TEMPLATE)
class LaunchTemplateRule(Rule):
    """A launch template keeps every version of its data."""

    id_prefix = "lt"
    unique = ("name",)
    taken = ("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """What cannot be a launch template of any instance."""
        del account
        failures: list[CheckFailure] = []
        data = text(inputs.get("userData"))
        if data and data != UNKNOWN:
            try:
                raw = base64.b64decode(data, validate=True)
                if len(raw) > 16384:
                    failures.append(CheckFailure("userData", "user data is limited to 16384 bytes"))
            except binascii.Error:
                failures.append(CheckFailure("userData", "user data must be base64-encoded"))
        specification = at(inputs, "capacityReservationSpecification")
        if specification.get("capacityReservationTarget") and specification.get(
            "capacityReservationPreference"
        ) in ("open", "none"):
            failures.append(
                CheckFailure(
                    "capacityReservationSpecification.capacityReservationPreference",
                    "a preference of open or none cannot go with a target reservation",
                )
            )
        if inputs.get("networkInterfaces") and inputs.get("vpcSecurityGroupIds"):
            failures.append(
                CheckFailure(
                    "vpcSecurityGroupIds",
                    "security groups belong into each of networkInterfaces when these are given",
                )
            )
        return failures

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The first version."""
        return {
            "latestVersion": 1,
            "defaultVersion": 1,
            "__versions": {"1": dict(inputs)},
        }

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """A new version for new data."""
        latest = int(record.state["latestVersion"])
        versions = dict(record.state.get("__versions") or {})
        if _data(record.inputs) != _data(new):
            latest += 1
            versions[str(latest)] = new
        default = record.state.get("defaultVersion", 1)
        if new.get("updateDefaultVersion"):
            default = latest
        return {
            "latestVersion": latest,
            "defaultVersion": new.get("defaultVersion", default),
            "__versions": versions,
        }

    def replanned(self, record: Record, new: Properties) -> Properties:
        """New data makes a version whose number a preview does not know."""
        state = super().replanned(record, new)
        if _data(record.inputs) != _data(new):
            state["latestVersion"] = UNKNOWN
            if new.get("updateDefaultVersion"):
                state["defaultVersion"] = UNKNOWN
        return state


def _data(inputs: Properties) -> Properties:
    return {
        key: value for key, value in inputs.items() if key not in _UNVERSIONED and not key.startswith("__")
    }


def template_version(call: Call, given: Properties) -> tuple[Record, Properties]:
    """The launch template and the data of its version that a node group names."""
    id_, name = text(given.get("id")), text(given.get("name"))
    found = (
        call.store.get(LAUNCH_TEMPLATE, id_)
        if id_
        else next(iter(call.store.find(LAUNCH_TEMPLATE, name=name)), None)
    )
    if found is None:
        raise AwsError(
            "InvalidRequestException",
            f"Launch template {id_ or name} not found: The specified launch template, with template ID "
            f"{id_ or name}, does not exist.",
        )
    version = str(given.get("version", "$Default"))
    if version == "$Latest":
        version = str(found.state["latestVersion"])
    elif version == "$Default":
        version = str(found.state["defaultVersion"])
    versions: Properties = found.state.get("__versions") or {}
    if version not in versions:
        raise AwsError(
            "InvalidRequestException",
            f"Could not find the specified version {version} for the launch template with ID {found.id}.",
        )
    return found, versions[version]


@rule(PLACEMENT_GROUP)
class PlacementGroupRule(Rule):
    """A placement group is known by its name."""

    id_property = "name"
    unique = ("name",)
    taken = ("InvalidPlacementGroup.Duplicate", "The placement group '{}' already exists.")
    held_by = (
        Holder(
            "aws:ec2/instance:Instance",
            "placementGroup",
            "InvalidPlacementGroup.InUse",
            "The placement group '{id}' is in use and may not be deleted.",
        ),
    )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Its id in EC2."""
        return {"placementGroupId": names.ec2_id("pg")}


@rule(CAPACITY_RESERVATION)
class CapacityReservationRule(Rule):
    """An on-demand capacity reservation that the stack makes itself."""

    id_prefix = "cr"
    defaults: ClassVar[Properties] = {
        "instanceMatchCriteria": "open",
        "endDateType": "unlimited",
        "tenancy": "default",
    }
    held_by = (
        Holder(
            "aws:ec2/instance:Instance",
            "capacityReservationId",
            "InvalidState",
            "Capacity reservation {id} is used by instance {by}.",
        ),
    )

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The zone must offer the type; capacity of types that the account reserves elsewhere is short."""
        type_, zone = text(inputs.get("instanceType")), text(inputs.get("availabilityZone"))
        if zone not in call.account.zones_of(type_):
            raise AwsError(
                "Unsupported",
                f"The requested configuration is currently not supported: instance type {type_} is not "
                f"offered in {zone}.",
            )
        limit = call.account.free_capacity.get(type_, {}).get(zone)
        if record is None and limit is not None and int(inputs.get("instanceCount") or 0) > limit:
            raise AwsError(
                "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {type_} capacity in the Availability Zone you requested "
                f"({zone}).",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Active at once."""
        return {"kind": "odcr", "status": "active"}


@rule(RESOURCE_GROUP)
class ResourceGroupRule(Rule):
    """A resource group, here a pool of reservations."""

    id_property = "name"
    unique = ("name",)
    taken = ("BadRequestException", "A group with name {} already exists.")


@rule(GROUP_MEMBER)
class GroupMemberRule(Rule):
    """One resource's membership in a group."""

    references = (
        Reference("groupArn", (RESOURCE_GROUP,), "NotFoundException", "Cannot find group {}", "arn"),
    )

    def identity(self, call: Call, inputs: Properties) -> str:
        """Group and resource."""
        return f"{inputs['groupArn']},{inputs['resourceArn']}"


@rule("aws:autoscaling/schedule:Schedule")
class ScheduleRule(Rule):
    """A scheduled action of an Auto Scaling group."""

    id_property = "scheduledActionName"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The group belongs to a node group."""
        wanted = text(inputs.get("autoscalingGroupName"))
        for group in call.store.all("aws:eks/nodeGroup:NodeGroup"):
            if wanted in str(group.state.get("resources")):
                return
        if not call.store.find("aws:autoscaling/group:Group", name=wanted):
            raise AwsError("ValidationError", f"AutoScalingGroup name not found - null ({wanted})")
