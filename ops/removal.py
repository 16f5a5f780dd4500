"""Deletes one leftover by its API call, and waits for what AWS takes away with it."""

import time
from collections.abc import Callable
from typing import Any

from ops.findings import Leftover
from ops.session import AWS_ERRORS, Aws, code_of, told

PATIENCE_SECONDS = 300.0
"""How long a thing is tried again while something that AWS is taking away still holds it."""

_PAUSE_SECONDS = 5.0
_HELD = frozenset(
    ("DependencyViolation", "ResourceInUse", "VolumeInUse", "InvalidParameterValue", "DeleteConflict")
)
_GONE = frozenset(
    (
        "InvalidInstanceID.NotFound",
        "InvalidGroup.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidVolume.NotFound",
        "InvalidLaunchTemplateId.NotFound",
        "LoadBalancerNotFound",
        "TargetGroupNotFound",
        "NoSuchEntity",
        "ResourceNotFoundException",
    )
)


def remove(aws: Aws, leftover: Leftover) -> str:
    """Delete it; returns the reason when it is still there, empty when it is gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            _REMOVERS[leftover.found.kind](aws, leftover.found.id)
        except AWS_ERRORS as error:
            code = code_of(error)
            if code in _GONE:
                return ""
            if code not in _HELD or time.monotonic() > deadline:
                return told(error)
            time.sleep(_PAUSE_SECONDS)
        else:
            return ""


def _instance(aws: Aws, id_: str) -> None:
    ec2 = aws.client("ec2")
    ec2.terminate_instances(InstanceIds=[id_])
    # Its interfaces and volumes hold everything that comes next.
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[id_])


def _load_balancer(aws: Aws, arn: str) -> None:
    elb = aws.client("elbv2")
    protection = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn])


def _security_group(aws: Aws, id_: str) -> None:
    """Rules of other groups that name it go first: they hold it as much as an interface does."""
    ec2 = aws.client("ec2")
    rules: list[Any] = []
    for name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        given = {"Filters": [{"Name": name, "Values": [id_]}]}
        for group in aws.pages("ec2", "describe_security_groups", "SecurityGroups", **given):
            if group["GroupId"] != id_:
                rules.append((group["GroupId"], name, group))
    for group_id, name, group in rules:
        egress = name.startswith("egress.")
        named = [
            {**one, "UserIdGroupPairs": pairs, "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
            for one in group["IpPermissionsEgress" if egress else "IpPermissions"]
            if (pairs := [pair for pair in one.get("UserIdGroupPairs", []) if pair.get("GroupId") == id_])
        ]
        revoke = ec2.revoke_security_group_egress if egress else ec2.revoke_security_group_ingress
        if named:
            revoke(GroupId=group_id, IpPermissions=named)
    ec2.delete_security_group(GroupId=id_)


def _instance_profile(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=name)


_REMOVERS: dict[str, Callable[[Aws, str], object]] = {
    "instance": _instance,
    "load-balancer": _load_balancer,
    "target-group": lambda aws, arn: aws.client("elbv2").delete_target_group(TargetGroupArn=arn),
    "network-interface": lambda aws, id_: aws.client("ec2").delete_network_interface(NetworkInterfaceId=id_),
    "security-group": _security_group,
    "volume": lambda aws, id_: aws.client("ec2").delete_volume(VolumeId=id_),
    "launch-template": lambda aws, id_: aws.client("ec2").delete_launch_template(LaunchTemplateId=id_),
    "instance-profile": _instance_profile,
    "log-group": lambda aws, name: aws.client("logs").delete_log_group(logGroupName=name),
}
