"""What a sweep finds, and what it would do about each kind of thing, in which order."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Found:
    """A thing in the account that carries tags of ours, or bears a name that only we give."""

    arn: str
    kind: str
    """A key of `CALLS`, or the service and type of its ARN."""
    id: str
    """Id or name, as its own API takes it."""
    tags: Mapping[str, str]
    state: str = ""
    """What it is doing, for example ``in-use`` or ``available``; empty for things that only exist."""
    follows: str = ""
    """What it goes away with, so that it needs no call of its own."""


@dataclasses.dataclass(frozen=True)
class Leftover:
    """A thing that is ours and in no state."""

    found: Found
    by: str
    """The tag or name that makes it ours."""
    cluster: str
    """The cluster it belongs to; empty when only the stack's tags say that it is ours."""
    in_use_by: str
    """The cluster that is still there and uses it; empty for what is really left over."""

    @property
    def call(self) -> str:
        """The API call that deletes it; empty when a person has to."""
        if self.found.follows or self.in_use_by or not self.cluster:
            return ""
        return CALLS.get(self.found.kind, "")

    @property
    def what_to_do(self) -> str:
        """The call, or why there is none."""
        if self.in_use_by:
            return f"none: cluster {self.in_use_by} is still there"
        if self.found.follows:
            return f"goes with {self.found.follows}"
        if not self.cluster:
            return "by hand: only the stack's tags say that it is ours"
        return self.call or "by hand"


CALLS = {
    "instance": "ec2:TerminateInstances",
    "load-balancer": "elasticloadbalancing:DeleteLoadBalancer",
    "target-group": "elasticloadbalancing:DeleteTargetGroup",
    "network-interface": "ec2:DeleteNetworkInterface",
    "security-group": "ec2:DeleteSecurityGroup",
    "volume": "ec2:DeleteVolume",
    "launch-template": "ec2:DeleteLaunchTemplate",
    "instance-profile": "iam:DeleteInstanceProfile",
    "log-group": "logs:DeleteLogGroup",
}
"""The call that deletes each kind of thing that controllers and nodes leave, in the order in which they can go:
an interface or a load balancer holds its security groups, an instance its interfaces and volumes."""


def in_order(leftovers: list[Leftover]) -> list[Leftover]:
    """What can be deleted, in the order of the calls; then what cannot, by kind."""
    order = {kind: place for place, kind in enumerate(CALLS)}
    return sorted(
        leftovers,
        key=lambda one: (not one.call, order.get(one.found.kind, len(order)), one.found.kind, one.found.id),
    )
