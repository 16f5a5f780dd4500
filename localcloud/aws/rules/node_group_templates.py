"""What EKS refuses of a launch template beside a node group's own inputs."""

import base64
import tomllib
from email import message_from_string

from components.instance_types import INSTANCE_TYPES
from localcloud.aws.errors import AwsError
from localcloud.aws.key_policies import service_linked_role
from localcloud.aws.rules.base import Call, text, values_at
from localcloud.aws.rules.key_use import GRANT, why_not_usable
from localcloud.aws.rules.node_group_inputs import instance_types
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import Properties

PUBLIC_ADDRESSES = (
    "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
    "interfaces."
)


def check_template(inputs: Properties, template: Properties) -> None:
    """Raise EKS's refusal of a launch template beside the group's own inputs."""
    if not inputs.get("launchTemplate"):
        if inputs.get("capacityType") == "CAPACITY_BLOCK":
            raise AwsError("InvalidParameterException", "Capacity Blocks require a launch template.")
        return
    code = "InvalidRequestException"
    own_type = template.get("instanceType")
    market = at(template, "instanceMarketOptions").get("marketType")
    if own_type and inputs.get("instanceTypes"):
        raise AwsError(code, "Cannot specify instance types in launch template and API request")
    if inputs.get("diskSize"):
        raise AwsError("InvalidParameterException", "Disk size must be specified within the launch template.")
    if template.get("iamInstanceProfile"):
        raise AwsError(
            "InvalidParameterException",
            "Your launch template cannot specify an IAM instance profile: the node role is part of the API request.",
        )
    if template.get("imageId") and inputs.get("amiType") not in (None, "CUSTOM"):
        raise AwsError(
            "InvalidParameterException",
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
        )
    if market == "spot":
        raise AwsError(code, "Cannot specify Spot instance market options in the launch template")
    block = inputs.get("capacityType") == "CAPACITY_BLOCK"
    if block != (market == "capacity-block"):
        raise AwsError(
            "InvalidParameterException",
            "Capacity type CAPACITY_BLOCK and the launch template's market type capacity-block go together: "
            f"capacity type is {inputs.get('capacityType', 'ON_DEMAND')}, market type is {market or 'not set'}.",
        )
    if block and not own_type:
        raise AwsError(
            "InvalidParameterException",
            "A node group of a Capacity Block needs the instance type in its launch template.",
        )


def check_interfaces(inputs: Properties, template: Properties) -> None:
    """Raise EC2's refusal of the launch template's network interfaces on the group's instance types."""
    interfaces = each(template, "networkInterfaces")
    if any(one.get("subnetId") for one in interfaces):
        raise AwsError(
            "InvalidParameterException",
            "Subnets must be specified in the API request, not in the launch template.",
        )
    if len(interfaces) > 1 and any(
        str(one.get("associatePublicIpAddress")).lower() == "true" for one in interfaces
    ):
        raise AwsError("InvalidParameterCombination", PUBLIC_ADDRESSES)
    for one in interfaces:
        first = not one.get("networkCardIndex") and not one.get("deviceIndex")
        if first and one.get("interfaceType") == "efa-only":
            raise AwsError(
                "InvalidParameterCombination",
                "The primary network interface cannot be of type efa-only: it has no IP address.",
            )
    for name in instance_types(inputs, template):
        type_ = INSTANCE_TYPES.get(name)
        if type_ is None:
            continue
        efa = [one for one in interfaces if one.get("interfaceType") in ("efa", "efa-only")]
        if len(efa) > type_.efa_interfaces:
            raise AwsError(
                "InvalidParameterCombination",
                f"EFA interfaces are limited to {type_.efa_interfaces} on {name}; the launch template has {len(efa)}.",
            )
        cards = {int(one.get("networkCardIndex") or 0) for one in interfaces}
        if cards and max(cards) >= type_.network_cards:
            raise AwsError(
                "InvalidParameterValue",
                f"Network card index {max(cards)} is not valid: {name} has {type_.network_cards} network cards.",
            )


def check_image(inputs: Properties, template: Properties) -> None:
    """Raise EKS's refusal of an AMI, its Kubernetes and release version, or its user data."""
    ami = text(inputs.get("amiType"))
    if template.get("imageId"):
        for key, what in (("version", "a kubernetes version"), ("releaseVersion", "a release version")):
            if inputs.get(key):
                raise AwsError(
                    "InvalidParameterException",
                    f"You cannot specify {what} to use when specifying an image id to use within the launch template.",
                )
        return  # the user data of an AMI of one's own goes to the instance as it is
    for name in instance_types(inputs, template):
        if "ARM_64" in ami and name in INSTANCE_TYPES:  # the table knows x86 types only
            raise AwsError(
                "InvalidParameterException",
                f"[{name}] is not a valid instance type for requested amiType {ami}",
            )
    data = text(template.get("userData"))
    if data:
        _check_user_data(base64.b64decode(data).decode(errors="replace"), ami)


def _check_user_data(script: str, ami: str) -> None:
    """EKS merges what its own AMIs need to join into user data, and so must be able to read it."""
    wanted, readable = ("TOML", _is_toml(script)) if ami.startswith("BOTTLEROCKET") else (
        "MIME multipart",
        message_from_string(script).get_content_maintype() == "multipart",
    )  # fmt: skip
    if not readable:
        raise AwsError("Ec2LaunchTemplateInvalidConfiguration", f"User data was not in the {wanted} format.")


def _is_toml(script: str) -> bool:
    try:
        tomllib.loads(script)
    except tomllib.TOMLDecodeError:
        return False
    return True


def check_volumes(call: Call, template: Properties) -> None:
    """Raise what becomes of instances whose volumes are encrypted with a key that Auto Scaling cannot use.

    Its service-linked role must be named by the policy of a customer managed key (Auto Scaling user guide,
    "Required KMS key policy for use with encrypted volumes").
    """
    role = service_linked_role(call.account, "autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling")
    for key in values_at(template, "blockDeviceMappings.ebs.kmsKeyId"):
        if why_not_usable(call, key, role, (*GRANT, "kms:Decrypt")):
            raise AwsError(
                "AsgInstanceLaunchFailures",
                "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: "
                "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
            )
