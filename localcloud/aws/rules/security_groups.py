"""Security groups and their rules."""

import secrets
from typing import ClassVar

from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.network import (
    NETWORK_INTERFACE,
    SECURITY_GROUP,
    VPC,
    VPC_REFERENCE,
)
from localcloud.aws.store import Record
from localcloud.kube.fields import each
from localcloud.providers.protocol import CheckFailure, Properties

OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"

_GROUPS = (SECURITY_GROUP, DEFAULT_GROUP)
_NOT_FOUND = ("InvalidGroup.NotFound", "The security group '{}' does not exist")
_TOO_MANY_RULES = (
    "RulesPerSecurityGroupLimitExceeded",
    "The maximum number of rules per security group has been reached.",
)
_DEPENDENT = ("DependencyViolation", "resource {id} has a dependent object")


@rule(SECURITY_GROUP)
class SecurityGroupRule(Rule):
    """A security group; interfaces in it and rules of other groups that name it keep it."""

    id_prefix = "sg"
    references = (VPC_REFERENCE,)
    defaults: ClassVar[Properties] = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    held_by = (
        Holder(NETWORK_INTERFACE, "securityGroups", *_DEPENDENT),
        Holder("aws:efs/mountTarget:MountTarget", "securityGroups", *_DEPENDENT),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """Names that AWS keeps for itself."""
        del account
        name = text(inputs.get("name"))
        if name.startswith("sg-"):
            return [CheckFailure("name", "a security group's name must not begin with sg-")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A number of rules and of groups; names are unique in a VPC."""
        most = call.account.quotas.rules_per_security_group
        for direction in ("ingress", "egress"):
            if sum(len(_peers(one)) for one in each(inputs, direction)) > most:
                raise AwsError(*_TOO_MANY_RULES)
        if record is not None:
            return
        vpc, name = text(inputs.get("vpcId")), text(inputs.get("name"))
        if call.store.find(SECURITY_GROUP, vpcId=vpc, name=name):
            raise AwsError(
                "InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc}'"
            )
        if len(call.store.all(SECURITY_GROUP)) >= call.account.quotas.security_groups:
            raise AwsError(
                "SecurityGroupLimitExceeded",
                f"The maximum number of security groups for VPC '{inputs.get('vpcId')}' has been reached.",
            )

    def release(self, call: Call, record: Record) -> None:
        """Rules of other groups that name this one."""
        for other in call.store.all(OLD_RULE, INGRESS_RULE, EGRESS_RULE):
            named = record.id in (
                other.state.get("sourceSecurityGroupId"),
                other.state.get("referencedSecurityGroupId"),
            )
            if named and other.state.get("securityGroupId") != record.id:
                raise AwsError(_DEPENDENT[0], _DEPENDENT[1].format(id=record.id))


@rule(DEFAULT_GROUP)
class DefaultSecurityGroupRule(Rule):
    """The group that came with the VPC: adopted, never made or deleted."""

    references = (VPC_REFERENCE,)

    def identity(self, call: Call, inputs: Properties) -> str:
        """The group of the VPC."""
        vpc = call.store.get(VPC, text(inputs.get("vpcId")))
        return text(vpc.state.get("defaultSecurityGroupId")) if vpc else super().identity(call, inputs)

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """As AWS names it."""
        return {"name": "default", "description": "default VPC security group"}


def _peers(inputs: Properties) -> list[str]:
    peers: list[str] = []
    for key in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds"):
        peers.extend(values_at(inputs, key))
    for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId", "sourceSecurityGroupId"):
        if inputs.get(key):
            peers.append(text(inputs[key]))
    if inputs.get("self"):
        peers.append(text(inputs.get("securityGroupId")))
    return peers


def _describe(inputs: Properties, peer: str) -> str:
    protocol = text(inputs.get("protocol") or inputs.get("ipProtocol"))
    if protocol in ("-1", "all"):
        return f"peer: {peer}, ALL, ALLOW"
    ports = f"from port: {inputs.get('fromPort')}, to port: {inputs.get('toPort')}"
    return f"peer: {peer}, {protocol.upper()}, {ports}, ALLOW"


def _vpc_of(call: Call, group: str) -> str:
    found = next((one for type_ in _GROUPS if (one := call.store.get(type_, group))), None)
    return text(found.state.get("vpcId")) if found else ""


class _AnyRule(Rule):
    """What rules of either kind have in common."""

    def direction(self, inputs: Properties) -> str:
        """``ingress`` or ``egress``."""
        del inputs
        return "ingress" if self.token_ == INGRESS_RULE else "egress"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Groups of one VPC, no rule twice, and no more than the quota."""
        group = text(inputs.get("securityGroupId"))
        other_group = text(inputs.get("sourceSecurityGroupId") or inputs.get("referencedSecurityGroupId"))
        if other_group and _vpc_of(call, group) != _vpc_of(call, other_group):
            raise AwsError(
                "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."
            )
        direction = self.direction(inputs)
        present: set[str] = set()
        for other in call.store.all(OLD_RULE, INGRESS_RULE, EGRESS_RULE):
            same_way = (
                other.state.get("type") == direction
                or other.type == {"ingress": INGRESS_RULE, "egress": EGRESS_RULE}[direction]
            )
            if (
                other.state.get("securityGroupId") == group
                and same_way
                and other.id != (record and record.id)
            ):
                present.update(_describe(other.state, peer) for peer in _peers(other.state))
        wanted = [_describe(inputs, peer) for peer in _peers(inputs)]
        for one in wanted:
            if one in present:
                raise AwsError("InvalidPermission.Duplicate", f'the specified rule "{one}" already exists')
        if len(present) + len(wanted) > call.account.quotas.rules_per_security_group:
            raise AwsError(*_TOO_MANY_RULES)


@rule(OLD_RULE)
class OldRule(_AnyRule):
    """One or several permissions in the old form."""

    defaults: ClassVar[Properties] = {"self": False}
    references = (
        Reference("securityGroupId", _GROUPS, *_NOT_FOUND),
        Reference("sourceSecurityGroupId", _GROUPS, *_NOT_FOUND),
    )

    def direction(self, inputs: Properties) -> str:
        """As the input says."""
        return text(inputs.get("type"))

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """A rule has a peer, and a known direction."""
        del account
        failures: list[CheckFailure] = []
        if not _peers(inputs):
            failures.append(
                CheckFailure(
                    "cidrBlocks",
                    "give one of cidrBlocks, ipv6CidrBlocks, prefixListIds, self or sourceSecurityGroupId",
                )
            )
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """The provider's own format."""
        return f"sgrule-{secrets.randbelow(9 * 10**8) + 10**8}"

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Id of the EC2 rule behind it."""
        return {"securityGroupRuleId": f"sgr-0{secrets.token_hex(8)}"}


@rule(INGRESS_RULE, EGRESS_RULE)
class NewRule(_AnyRule):
    """One permission."""

    id_prefix = "sgr"
    references = (
        Reference("securityGroupId", _GROUPS, *_NOT_FOUND),
        Reference("referencedSecurityGroupId", _GROUPS, *_NOT_FOUND),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """A rule has exactly one peer; ports go with protocols that have them."""
        del account
        failures: list[CheckFailure] = []
        if len(_peers(inputs)) != 1:
            failures.append(
                CheckFailure(
                    "cidrIpv4",
                    "give exactly one of cidrIpv4, cidrIpv6, prefixListId or referencedSecurityGroupId",
                )
            )
        return failures

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The rule's own id."""
        return {"securityGroupRuleId": id_}
