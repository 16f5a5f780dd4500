"""Load balancers and target groups, mostly those that the AWS Load Balancer Controller makes."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror, tag_list, tags_of
from localcloud.aws.store import Record


class _ElbMirror(Mirror):
    service: ClassVar[str] = "elbv2"

    def rename(self, collection: dict[str, Any], drawn: str, wanted: str) -> Any:
        """Put our ARN in for the one that moto drew, in its tags too."""
        made = collection.pop(drawn)
        made.arn = wanted
        collection[wanted] = made
        tagger = self.backend.tagging_service
        if drawn in tagger.tags:
            tagger.tags[wanted] = tagger.tags.pop(drawn)
        return made

    def settle_tags(self, record: Record) -> None:
        """Exactly the record's tags."""
        arn, wanted = _arn(record), tags_of(record)
        now = self.tags(arn)
        if gone := [key for key in now if key not in wanted]:
            self.client.remove_tags(ResourceArns=[arn], TagKeys=gone)
        if tag_list(wanted):
            self.client.add_tags(ResourceArns=[arn], Tags=tag_list(wanted))

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags in moto."""
        found = self.client.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {one["Key"]: one["Value"] for each in found for one in each["Tags"]}


def _arn(record: Record) -> str:
    return str(record.state.get("arn") or record.id)


@mirror("aws:lb/targetGroup:TargetGroup")
class TargetGroupMirror(_ElbMirror):
    """A target group."""

    def make(self, record: Record) -> None:
        """The group, under its ARN."""
        state = record.state
        answer = self.client.create_target_group(
            Name=state["name"],
            Protocol=state.get("protocol") or "HTTP",
            Port=int(state.get("port") or 80),
            TargetType=state.get("targetType") or "instance",
            **given(VpcId=state.get("vpcId"), Tags=tag_list(tags_of(record))),
        )
        drawn = answer["TargetGroups"][0]["TargetGroupArn"]
        self.rename(self.backend.target_groups, drawn, _arn(record))

    def settle(self, record: Record) -> None:
        """Tags."""
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The group."""
        self.backend.target_groups.pop(_arn(record), None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        return {"tagsAll": self.tags(_arn(record))} if _arn(record) in self.backend.target_groups else None


@mirror("aws:lb/loadBalancer:LoadBalancer")
class LoadBalancerMirror(_ElbMirror):
    """A load balancer."""

    def make(self, record: Record) -> None:
        """The load balancer, under its ARN and its host name."""
        state = record.state
        kind = state.get("loadBalancerType") or "application"
        answer = self.client.create_load_balancer(
            Name=state["name"],
            Subnets=list(state.get("subnets") or []),
            Scheme="internal" if state.get("internal") else "internet-facing",
            Type=kind,
            **given(
                SecurityGroups=list(state.get("securityGroups") or []) if kind == "application" else None,
                Tags=tag_list(tags_of(record)),
            ),
        )
        drawn = answer["LoadBalancers"][0]["LoadBalancerArn"]
        made = self.rename(self.backend.load_balancers, drawn, _arn(record))
        made.dns_name = state.get("dnsName") or made.dns_name
        made.activate()

    def settle(self, record: Record) -> None:
        """Security groups and tags."""
        made = self.backend.load_balancers[_arn(record)]
        made.security_groups = list(record.state.get("securityGroups") or [])
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The load balancer with its listeners."""
        self.backend.load_balancers.pop(_arn(record), None)

    def look(self, record: Record) -> Properties | None:
        """Security groups and tags."""
        made = self.backend.load_balancers.get(_arn(record))
        if made is None:
            return None
        return {"securityGroups": list(made.security_groups or []), "tagsAll": self.tags(_arn(record))}
