"""Settings of tags: what every AWS resource of the stack is tagged with."""

from typing import Annotated

from pydantic import AfterValidator

from config.formats import matching, refuse

MOST_TAGS = 40
"""AWS takes 50 tags on a resource; the plane and the controllers add up to 10 of their own."""

_CHARACTERS = r"[\w .:/=+@-]"
_OWN_PREFIXES = ("kubernetes.io/", "karpenter.sh/", "elbv2.k8s.aws/", "ingress.k8s.aws/", "eks:")


def _key(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise refuse("begins with aws:, which AWS keeps for itself; choose another key")
    if key == "Name" or key.startswith(_OWN_PREFIXES):
        raise refuse("is set by the plane or by Kubernetes controllers; choose another key")
    return key


def _count(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise refuse(
            f"has {len(tags)} tags; at most {MOST_TAGS}, for AWS takes 50 on a resource and controllers add some"
        )
    return tags


TagKey = Annotated[
    str,
    matching(rf"{_CHARACTERS}{{1,128}}", "a tag key: 1 to 128 letters, digits, spaces and . : / = + @ _ -"),
    AfterValidator(_key),
]
TagValue = Annotated[
    str,
    matching(
        rf"{_CHARACTERS}{{0,256}}", "a tag value: up to 256 letters, digits, spaces and . : / = + @ _ -"
    ),
]
Tags = Annotated[dict[TagKey, TagValue], AfterValidator(_count)]
"""Tags of every AWS resource, EC2 instances and volumes included."""
