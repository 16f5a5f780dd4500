"""Which AWS services a cluster's nodes, pods and controllers need a private way to, given its shape."""


def endpoint_services(
    *,
    has_nat: bool,
    private_images: bool,
    kms: bool,
    load_balancer: bool = True,
    pod_identity: bool = False,
    autoscaling: bool = False,
    karpenter: bool = False,
    bedrock: bool = False,
    session_manager: bool = False,
) -> list[str]:
    """Names of the interface endpoints to make, in a fixed order (for example ``["ecr.api", "ecr.dkr"]``).

    With NAT every service can be reached without endpoints; then the only ones are those of Amazon ECR, and
    only with ``private_images``: they keep image pulls off the NAT gateway (layers come through the S3 gateway
    endpoint, which every VPC of ours has). Without NAT the VPC is closed, and a service that is called has an
    endpoint or cannot be reached:

    - ``ecr.api``, ``ecr.dkr``: kubelet pulls every image from Amazon ECR, add-ons included;
    - ``sts``: service accounts exchange their tokens for credentials (IRSA), nodes identify themselves;
    - ``ec2``: the VPC CNI and nodeadm describe instances, the load balancer controller subnets;
    - ``eks``: nodes and controllers describe their cluster;
    - ``logs``: nodes and pods write to CloudWatch Logs;
    - ``elasticloadbalancing``: the load balancer controller (``load_balancer``);
    - ``kms``: tools in the VPC that call a customer-managed key themselves (``kms``); S3 and EBS, which call
      it for their readers, do not need it;
    - ``eks-auth``: the Pod Identity agent (``pod_identity``);
    - ``autoscaling``: Cluster Autoscaler (``autoscaling``);
    - ``sqs`` and ``ssm``: Karpenter reads its interruption queue and AMI releases (``karpenter``);
    - ``bedrock-runtime``: the router's fallback to Amazon Bedrock (``bedrock``);
    - ``ssm``, ``ssmmessages``, ``ec2messages``: shells on nodes through Session Manager (``session_manager``).

    What has no endpoint stays out of reach without NAT: IAM, and registries other than Amazon ECR.
    """
    images = ["ecr.api", "ecr.dkr"]
    if has_nat:
        return images if private_images else []
    wanted = [
        *images,
        *("sts", "ec2", "eks", "logs"),
        *(["elasticloadbalancing"] if load_balancer else []),
        *(["kms"] if kms else []),
        *(["eks-auth"] if pod_identity else []),
        *(["autoscaling"] if autoscaling else []),
        *(["sqs", "ssm"] if karpenter else []),
        *(["bedrock-runtime"] if bedrock else []),
        *(["ssm", "ssmmessages", "ec2messages"] if session_manager else []),
    ]
    return list(dict.fromkeys(wanted))
