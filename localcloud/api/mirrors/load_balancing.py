"""Load balancers and target groups, mostly those that the AWS Load Balancer Controller makes."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror, tag_list, tags_of
from localcloud.aws.store import Record
from localcloud.kube.fields import at


class ElbMirror(Mirror):
    """What the mirrors of Elastic Load Balancing share."""

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
        arn, wanted = arn_of(record), tags_of(record)
        now = self.tags(arn)
        if gone := [key for key in now if key not in wanted]:
            self.client.remove_tags(ResourceArns=[arn], TagKeys=gone)
        if tag_list(wanted):
            self.client.add_tags(ResourceArns=[arn], Tags=tag_list(wanted))

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags in moto."""
        found = self.client.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return {one["Key"]: one["Value"] for each in found for one in each["Tags"]}


def arn_of(record: Record) -> str:
    """The record's ARN, which is its id."""
    return str(record.state.get("arn") or record.id)


@mirror("aws:lb/targetGroup:TargetGroup")
class TargetGroupMirror(ElbMirror):
    """A target group."""

    def make(self, record: Record) -> None:
        """The group, under its ARN."""
        state = record.state
        check = at(state, "healthCheck")
        answer = self.client.create_target_group(
            Name=state["name"],
            Protocol=state.get("protocol") or "HTTP",
            Port=int(state.get("port") or 80),
            TargetType=state.get("targetType") or "instance",
            **given(
                VpcId=state.get("vpcId"),
                HealthCheckPath=check.get("path"),
                HealthCheckProtocol=check.get("protocol"),
                HealthCheckPort=check.get("port"),
                Tags=tag_list(tags_of(record)),
            ),
        )
        drawn = answer["TargetGroups"][0]["TargetGroupArn"]
        self.rename(self.backend.target_groups, drawn, arn_of(record))

    def settle(self, record: Record) -> None:
        """Tags."""
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The group."""
        self.backend.target_groups.pop(arn_of(record), None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        return (
            {"tagsAll": self.tags(arn_of(record))} if arn_of(record) in self.backend.target_groups else None
        )


@mirror("aws:lb/loadBalancer:LoadBalancer")
class LoadBalancerMirror(ElbMirror):
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
        made = self.rename(self.backend.load_balancers, drawn, arn_of(record))
        made.dns_name = state.get("dnsName") or made.dns_name
        made.activate()

    def settle(self, record: Record) -> None:
        """Security groups and tags."""
        made = self.backend.load_balancers[arn_of(record)]
        made.security_groups = list(record.state.get("securityGroups") or [])
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The load balancer with its listeners."""
        self.backend.load_balancers.pop(arn_of(record), None)

    def look(self, record: Record) -> Properties | None:
        """Security groups and tags."""
        made = self.backend.load_balancers.get(arn_of(record))
        if made is None:
            return None
        return {"securityGroups": list(made.security_groups or []), "tagsAll": self.tags(arn_of(record))}
