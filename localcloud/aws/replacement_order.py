"""Which replaced resources must go before their successors are made."""

from typing import cast

from localcloud.aws import names
from localcloud.aws.types import Shape
from localcloud.providers.protocol import Properties

# What pulumi-aws itself marks with DeleteBeforeReplace (provider/resources.go): a second one would be the same
# one, and deleting the first would take it away. Other types are made first even where AWS then refuses the second
# one: that is what happens on AWS.
_ALWAYS = frozenset(
    {
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:efs/mountTarget:MountTarget",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    }
)


def deletes_first(shape: Shape, old: Properties, new: Properties) -> bool:
    """Whether a replacement deletes the old resource first.

    Two resources cannot share a name: one that the program chose and keeps needs the old one gone, one that Pulumi
    made is made anew.
    """
    if shape.token in _ALWAYS:
        return True
    automatic = names.auto_name_rule(shape)
    if automatic is None:
        return False
    property_ = automatic.property
    chosen = property_ not in cast("list[str]", new.get("__defaults") or [])
    return chosen and old.get(property_) is not None and old.get(property_) == new.get(property_)
