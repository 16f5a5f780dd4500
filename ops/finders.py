"""Looks for things of ours in an account: by tag wherever AWS can search by tag, else by listing them.

The Resource Groups Tagging API knows most services, but no roles, policies or instance profiles of IAM, and not
what a thing is doing; EC2's own tag search also finds what was tagged a second ago.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ops.findings import Found
from ops.ownership import cluster_tags
from ops.session import AWS_ERRORS, Aws, code_of, told

Wanted = tuple[frozenset[str], Mapping[str, str]]
"""Clusters, and the tags of a stack, that are looked for."""

_IDS_PER_CALL = 200
_GOING = ("terminated", "shutting-down", "PendingDeletion")


def find_all(aws: Aws, clusters: frozenset[str], tags: Mapping[str, str]) -> tuple[list[Found], list[str]]:
    """Everything that may be ours, each ARN once, and what could not be looked at with the reason."""
    found: dict[str, Found] = {}
    problems: list[str] = []
    for name, finder in _FINDERS.items():
        try:
            # Later finders know their things better than the general ones before them.
            found.update((one.arn, one) for one in finder(aws, (clusters, tags)))
        except AWS_ERRORS as error:
            problems.append(f"{name}: {told(error)}")
    return [one for one in found.values() if one.state not in _GOING], problems


def tag_dict(tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as a mapping, from AWS's lists of keys and values in either spelling."""
    return {
        str(one.get("Key", one.get("key"))): str(one.get("Value", one.get("value"))) for one in tags or ()
    }


def _searches(wanted: Wanted) -> list[list[tuple[str, str]]]:
    """Tag pairs that must all be there, for each search."""
    clusters, tags = wanted
    searches = [[pair] for cluster in sorted(clusters) for pair in cluster_tags(cluster)]
    return [*searches, *([sorted(tags.items())] if tags else [])]


def _tagging(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """Every service that the Resource Groups Tagging API covers."""
    for pairs in _searches(wanted):
        filters = [{"Key": key, "Values": [value]} for key, value in pairs]
        listed = aws.pages(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters
        )
        for one in listed:
            arn = one["ResourceARN"]
            kind, id_ = kind_and_id(arn)
            follows = "its load balancer" if kind in ("listener", "listener-rule") else ""
            yield Found(arn, kind, id_, tag_dict(one.get("Tags")), follows=follows)


def kind_and_id(arn: str) -> tuple[str, str]:
    """A thing's kind and the id that its own API takes, from its ARN."""
    service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
    if service == "elasticloadbalancing":
        kinds = {"loadbalancer": "load-balancer", "targetgroup": "target-group"}
        kind = resource.partition("/")[0]
        return kinds.get(kind, kind), arn
    if service == "logs":
        return "log-group", resource.removeprefix("log-group:").removesuffix(":*")
    if service == "ec2":
        kind, _, id_ = resource.partition("/")
        return kind, id_
    kind, slash, id_ = resource.partition("/")
    return (f"{service} {kind}", id_) if slash else (service, resource)


def _ec2(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """Everything of EC2, by its own search."""
    ids: dict[str, str] = {}
    for pairs in _searches(wanted):
        hits = [_tagged_ids(aws, key, value) for key, value in pairs]
        ids.update({id_: kind for id_, kind in hits[0].items() if all(id_ in one for one in hits)})
    every = sorted(ids)
    tags: dict[str, dict[str, str]] = {id_: {} for id_ in every}
    for start in range(0, len(every), _IDS_PER_CALL):
        some = [{"Name": "resource-id", "Values": every[start : start + _IDS_PER_CALL]}]
        for one in aws.pages("ec2", "describe_tags", "Tags", Filters=some):
            tags[one["ResourceId"]][one["Key"]] = one["Value"]
    states = _states(aws, ids)
    for id_ in every:
        kind = ids[id_]
        if kind in _STATEFUL and id_ not in states:
            continue  # a tag may be there for longer than the thing
        arn = f"arn:{aws.partition}:ec2:{aws.region}:{aws.account_id}:{kind}/{id_}"
        state, follows = states.get(id_, ("", ""))
        yield Found(arn, kind, id_, tags[id_], state, follows)


def _tagged_ids(aws: Aws, key: str, value: str) -> dict[str, str]:
    listed = aws.pages("ec2", "describe_tags", "Tags", Filters=[{"Name": f"tag:{key}", "Values": [value]}])
    return {one["ResourceId"]: one["ResourceType"] for one in listed}


_STATEFUL = ("instance", "network-interface", "security-group", "volume")


def _states(aws: Aws, kinds: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What instances, volumes and interfaces are doing, and what they go away with."""
    found: dict[str, tuple[str, str]] = {}
    if instances := _of_kind(kinds, "instance"):
        given = {"Filters": [{"Name": "instance-id", "Values": instances}]}
        for reservation in aws.pages("ec2", "describe_instances", "Reservations", **given):
            for one in reservation["Instances"]:
                found[one["InstanceId"]] = (one["State"]["Name"], "")
    if groups := _of_kind(kinds, "security-group"):
        given = {"Filters": [{"Name": "group-id", "Values": groups}]}
        for one in aws.pages("ec2", "describe_security_groups", "SecurityGroups", **given):
            found[one["GroupId"]] = ("", "")
    if volumes := _of_kind(kinds, "volume"):
        given = {"Filters": [{"Name": "volume-id", "Values": volumes}]}
        for one in aws.pages("ec2", "describe_volumes", "Volumes", **given):
            goes = [
                each["InstanceId"] for each in one.get("Attachments", []) if each.get("DeleteOnTermination")
            ]
            found[one["VolumeId"]] = (one["State"], goes[0] if goes else "")
    if interfaces := _of_kind(kinds, "network-interface"):
        given = {"Filters": [{"Name": "network-interface-id", "Values": interfaces}]}
        for one in aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", **given):
            attachment: dict[str, Any] = one.get("Attachment") or {}
            goes = str(attachment.get("InstanceId") or "") if attachment.get("DeleteOnTermination") else ""
            found[one["NetworkInterfaceId"]] = (one["Status"], goes)
    return found


def _of_kind(kinds: Mapping[str, str], kind: str) -> list[str]:
    return sorted(id_ for id_, one in kinds.items() if one == kind)


def _load_balancing(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """Load balancers and target groups, whose tags have a call of their own for 20 at a time."""
    del wanted
    for kind, operation, key in (
        ("load-balancer", "describe_load_balancers", "LoadBalancer"),
        ("target-group", "describe_target_groups", "TargetGroup"),
    ):
        arns = [one[f"{key}Arn"] for one in aws.pages("elbv2", operation, f"{key}s")]
        for start in range(0, len(arns), 20):
            described = aws.client("elbv2").describe_tags(ResourceArns=arns[start : start + 20])
            for one in described["TagDescriptions"]:
                yield Found(one["ResourceArn"], kind, one["ResourceArn"], tag_dict(one["Tags"]))


def _iam(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """Roles, policies, instance profiles and OIDC providers: their tags come one by one."""
    del wanted
    iam = aws.client("iam")
    for one in aws.pages("iam", "list_roles", "Roles"):
        if not str(one["Path"]).startswith("/aws-service-role/"):
            found = iam.list_role_tags(RoleName=one["RoleName"])["Tags"]
            yield Found(one["Arn"], "iam role", one["RoleName"], tag_dict(found))
    for one in aws.pages("iam", "list_policies", "Policies", Scope="Local"):
        found = iam.list_policy_tags(PolicyArn=one["Arn"])["Tags"]
        yield Found(one["Arn"], "iam policy", one["Arn"], tag_dict(found))
    for one in aws.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        name = one["InstanceProfileName"]
        found = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags")
        yield Found(one["Arn"], "instance-profile", name, tag_dict(found))
    for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        found = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=one["Arn"])["Tags"]
        yield Found(one["Arn"], "iam oidc-provider", one["Arn"], tag_dict(found))


def _log_groups(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """EKS's log group of a cluster: EKS makes it without tags, and leaves it behind."""
    for cluster in sorted(wanted[0]):
        name = f"/aws/eks/{cluster}/cluster"
        for one in aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name):
            if one["logGroupName"] == name:
                arn = one["arn"].removesuffix(":*")
                yield Found(arn, "log-group", name, {"aws:eks:cluster-name": cluster})


def _key_aliases(aws: Aws, wanted: Wanted) -> Iterator[Found]:
    """What keys are doing, and their aliases, which have no tags of their own."""
    keys: dict[str, Found] = {}
    for one in _tagging(aws, wanted):
        if one.kind == "kms key":
            key_state = aws.client("kms").describe_key(KeyId=one.id)["KeyMetadata"]["KeyState"]
            keys[one.id] = dataclasses.replace(one, state=key_state)
            yield keys[one.id]
    for one in aws.pages("kms", "list_aliases", "Aliases"):
        key = keys.get(str(one.get("TargetKeyId")))
        if key:
            yield Found(one["AliasArn"], "kms alias", one["AliasName"], key.tags, follows=f"key {key.id}")


_FINDERS: dict[str, Callable[[Aws, Wanted], Iterator[Found]]] = {
    "tagging": _tagging,
    "ec2": _ec2,
    "elasticloadbalancing": _load_balancing,
    "iam": _iam,
    "logs": _log_groups,
    "kms": _key_aliases,
}


def live_clusters(aws: Aws, clusters: frozenset[str]) -> frozenset[str]:
    """Those of the clusters that EKS still has."""
    alive: set[str] = set()
    for cluster in clusters:
        try:
            aws.client("eks").describe_cluster(name=cluster)
            alive.add(cluster)
        except AWS_ERRORS as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
    return frozenset(alive)
