"""Security groups and their rules, in the three forms in which programs write rules."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Properties, given, items, mirror, tag_list, tags_of
from localcloud.api.mirrors.ec2 import Ec2Mirror, rules_of
from localcloud.aws.store import Record
from localcloud.kube.fields import each

_EVERYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


class _GroupMirror(Ec2Mirror):
    """A security group whose inline rules, where a program writes any, are all of its rules."""

    def exists(self, id_: str) -> bool:
        return self.group(id_) is not None

    def group(self, id_: str) -> Any:
        """moto's group; None where there is none."""
        return next((groups[id_] for groups in self.backend.groups.values() if id_ in groups), None)

    def settle(self, record: Record) -> None:
        """Tags, and the inline rules where there are some."""
        super().settle(record)
        for way in ("ingress", "egress"):
            if way in record.inputs and not self._has(record, way):
                self.write(record.id, way, record.inputs[way])

    def _has(self, record: Record, way: str) -> bool:
        return inline_rules(self._inline_of(record.id, way)) == sorted(
            (_inline(rule) for rule in each(record.inputs, way)), key=str
        )

    def look(self, record: Record) -> Properties | None:
        """Tags and inline rules."""
        seen = super().look(record)
        if seen is None:
            return None
        written = [way for way in ("ingress", "egress") if way in record.inputs]
        return {**seen, **{way: inline_rules(self._inline_of(record.id, way)) for way in written}}

    def write(self, id_: str, way: str, rules: list[Properties]) -> None:
        """Make these all the inline rules of a group one way; rules that are resources of their own stay."""
        everything = rules_of(self.group(id_), way == "egress")
        inline = self._inline_of(id_, way)
        everything[:] = [rule for rule in everything if rule not in inline]
        permissions = [_permission(rule) for rule in rules or []]
        if permissions:
            authorize = getattr(self.client, f"authorize_security_group_{way}")
            authorize(GroupId=id_, IpPermissions=permissions)

    def _inline_of(self, id_: str, way: str) -> list[Any]:
        """The rules that are no resources of their own."""
        separate = {rule for rules in made_rules(self.backend).values() for rule in rules}
        return [one for one in rules_of(self.group(id_), way == "egress") if one.id not in separate]


@mirror("aws:ec2/securityGroup:SecurityGroup")
class SecurityGroupMirror(_GroupMirror):
    """A security group of its own."""

    kind = "security-group"

    def make(self, record: Record) -> None:
        """The group. pulumi-aws takes EC2's rule that lets everything out away; EKS leaves it and adds its own."""
        state = record.state
        with self.simulator.forced(record.id):
            self.client.create_security_group(
                GroupName=state["name"],
                Description=state.get("description") or "Managed by Pulumi",
                VpcId=state["vpcId"],
                TagSpecifications=self.tagged(record),
            )
        if record.origin == "stack":
            self.client.revoke_security_group_egress(GroupId=record.id, IpPermissions=_EVERYWHERE)
        elif record.origin == "eks":
            itself = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": record.id}]}]
            self.client.authorize_security_group_ingress(GroupId=record.id, IpPermissions=itself)

    def remove(self, record: Record) -> None:
        """The group."""
        if self.exists(record.id):
            self.client.delete_security_group(GroupId=record.id)


@mirror("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
class DefaultSecurityGroupMirror(_GroupMirror):
    """A VPC's own security group, taken over by a program: its rules become those of the record."""

    def make(self, record: Record) -> None:
        """There since the VPC was made."""
        for way in ("ingress", "egress"):
            self.write(record.id, way, record.inputs.get(way) or [])

    def remove(self, record: Record) -> None:
        """The provider only forgets it."""


@mirror(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
)
class RuleMirror(Ec2Mirror):
    """One rule; of the older resource type also several at once, one for each source."""

    kind: ClassVar[str] = "security-group-rule"

    def make(self, record: Record) -> None:
        """The rule, under its id."""
        way = _way(record)
        authorize = getattr(self.client, f"authorize_security_group_{way}")
        with self.simulator.forced(_rule_id(record)):
            answer = authorize(
                GroupId=record.state["securityGroupId"],
                IpPermissions=[_permission(record.state)],
                **given(TagSpecifications=self.tagged(record)),
            )
        self._made()[record.id] = [one["SecurityGroupRuleId"] for one in answer["SecurityGroupRules"]]

    def settle(self, record: Record) -> None:
        """Tags, ports, source and description. moto refuses a change of some of these: the rule is rewritten."""
        tags = tags_of(record)
        wanted = _permission(record.state)
        for rule in self._rules(record):
            self.backend.tags[rule.id] = dict(tags)
        if self._rules(record) and self._merged(record) != _normal(wanted):
            self.remove(record)
            self.make(record)

    def remove(self, record: Record) -> None:
        """Every rule of the record."""
        ids = self._made().get(record.id, [_rule_id(record)])
        for group in self._groups(record):
            rules = rules_of(group, _way(record) == "egress")
            rules[:] = [rule for rule in rules if rule.id not in ids]

    def look(self, record: Record) -> Properties | None:
        """Gone when any of its sources is; else description and tags."""
        rules = self._rules(record)
        if len(rules) < len(self._made().get(record.id, [""])):
            return None
        seen: Properties = {
            "description": next(
                (text for rule in rules if (text := rule.ip_range.get("Description") or
                 rule.source_group.get("Description"))),
                "",
            )
        }  # fmt: skip
        if tag_list(tags_of(record)):
            seen["tagsAll"] = dict(self.backend.tags.get(rules[0].id, {}))
        return seen

    def exists(self, id_: str) -> bool:
        """Whether moto has all of it."""
        return id_ in self._made()

    def _made(self) -> dict[str, list[str]]:
        return made_rules(self.backend)

    def _groups(self, record: Record) -> list[Any]:
        id_ = record.state["securityGroupId"]
        return [groups[id_] for groups in self.backend.groups.values() if id_ in groups]

    def _rules(self, record: Record) -> list[Any]:
        ids = self._made().get(record.id, [_rule_id(record)])
        found = [rule for group in self._groups(record) for rule in rules_of(group, _way(record) == "egress")]
        return [rule for rule in found if rule.id in ids]

    def _merged(self, record: Record) -> Properties:
        rules = self._rules(record)
        merged: Properties = {
            "IpProtocol": rules[0].ip_protocol,
            "IpRanges": [rule.ip_range for rule in rules if rule.ip_range.get("CidrIp")],
            "Ipv6Ranges": [rule.ip_range for rule in rules if rule.ip_range.get("CidrIpv6")],
            "UserIdGroupPairs": [_source(rule.source_group) for rule in rules if rule.source_group],
            "PrefixListIds": [{"PrefixListId": rule.prefix_list_id} for rule in rules if rule.prefix_list_id],
        }
        if merged["IpProtocol"] != "-1":
            merged.update(FromPort=rules[0].from_port, ToPort=rules[0].to_port)
        return _normal(merged)


def _way(record: Record) -> str:
    if record.type.endswith("SecurityGroupRule"):
        return str(record.state["type"])
    return "egress" if "Egress" in record.type else "ingress"


def _rule_id(record: Record) -> str:
    return str(record.state.get("securityGroupRuleId") or record.id)


def _permission(rule: Properties) -> Properties:
    """A rule in the provider's properties as EC2 takes it."""
    described = given(Description=rule.get("description"))
    v4: list[str] = [*items(rule.get("cidrBlocks")), *filter(None, [rule.get("cidrIpv4")])]
    v6: list[str] = [*items(rule.get("ipv6CidrBlocks")), *filter(None, [rule.get("cidrIpv6")])]
    lists: list[str] = [*items(rule.get("prefixListIds")), *filter(None, [rule.get("prefixListId")])]
    groups: list[str] = [
        *items(rule.get("securityGroups")),
        *filter(None, [rule.get("referencedSecurityGroupId"), rule.get("sourceSecurityGroupId")]),
        *([rule["securityGroupId"]] if rule.get("self") and rule.get("securityGroupId") else []),
    ]
    protocol = str(rule.get("ipProtocol") or rule.get("protocol"))
    protocol = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp"}.get(protocol, protocol)
    permission: Properties = {"IpProtocol": protocol}
    if protocol != "-1":
        permission.update(FromPort=int(rule.get("fromPort") or 0), ToPort=int(rule.get("toPort") or 0))
    return permission | given(
        IpRanges=[{"CidrIp": one, **described} for one in v4],
        Ipv6Ranges=[{"CidrIpv6": one, **described} for one in v6],
        PrefixListIds=[{"PrefixListId": one, **described} for one in lists],
        UserIdGroupPairs=[{"GroupId": one, **described} for one in groups],
    )


def _source(group: Properties) -> Properties:
    return {key: value for key, value in group.items() if key in ("GroupId", "Description") and value}


def _normal(permission: Properties) -> Properties:
    """For comparison: without empty lists, and prefix lists without the description that moto loses."""
    known = given(**permission)
    if "PrefixListIds" in known:
        known["PrefixListIds"] = [{"PrefixListId": one["PrefixListId"]} for one in known["PrefixListIds"]]
    return known


def made_rules(backend: Any) -> dict[str, list[str]]:
    """Ids of moto's rules by record: kept with moto's groups, so that both are forgotten together."""
    return backend.__dict__.setdefault("local_cloud_rules", {})


def inline_rules(rules: list[Any]) -> list[Properties]:
    """moto's rules as a program writes them inline, in a stable order."""
    found: list[Properties] = [
        _inline(
            {
                "protocol": rule.ip_protocol,
                "fromPort": rule.from_port or 0,
                "toPort": rule.to_port or 0,
                "cidrBlocks": [rule.ip_range["CidrIp"]] if rule.ip_range.get("CidrIp") else [],
                "ipv6CidrBlocks": [rule.ip_range["CidrIpv6"]] if rule.ip_range.get("CidrIpv6") else [],
                "securityGroups": [rule.source_group["GroupId"]] if rule.source_group else [],
                "description": rule.ip_range.get("Description") or rule.source_group.get("Description") or "",
            }
        )
        for rule in rules
    ]
    return sorted(found, key=str)


def _inline(rule: Properties) -> Properties:
    """An inline rule without what is empty."""
    return {key: value for key, value in rule.items() if value not in (None, "", [], False)}
