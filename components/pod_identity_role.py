"""An IAM role for one Kubernetes service account (EKS Pod Identity)."""

import json
from typing import Optional

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.iam_documents import pod_identity_trust_policy
from components.outputs import known_after
from components.partitions import partition_of
from components.service_account_role import (
    ServiceAccountRoleArgs,
    check_service_account_role,
    known_role_arn,
    service_account_role,
)

AGENT_ADDON = "eks-pod-identity-agent"
"""EKS add-on that hands pods their credentials; a cluster without Auto Mode needs it."""


class PodIdentityRoleArgs(ServiceAccountRoleArgs):
    """Inputs of PodIdentityRole."""

    cluster_name: pulumi.Input[str]
    """Name of the cluster in EKS. It must run the add-on ``eks-pod-identity-agent``, unless it is in Auto Mode."""


class PodIdentityRole(pulumi.ComponentResource):
    """A role that exactly one service account of one cluster may assume, with a managed policy of its own.

    Pods get it through an association in EKS: the service account carries no annotation. Pods that run already
    do not notice; a pod gets its credentials' address when it is created.
    """

    role_arn: pulumi.Output[str]
    """ARN of the role; known at preview. Whoever takes it waits until it is associated and its policies are
    attached."""
    role_name: pulumi.Output[str]
    """Name of the role; known at preview."""
    association_id: pulumi.Output[str]
    """Id of the association in EKS, ``a-…``."""

    def __init__(
        self, name: str, args: PodIdentityRoleArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:PodIdentityRole", name, {}, opts)
        _check(args)
        namespace, service_account = args["namespace"], args["service_account"]
        account, region = args["account_id"], args["region"]

        def trust(cluster: str) -> str:
            arn = f"arn:{partition_of(region)}:eks:{region}:{account}:cluster/{cluster}"
            return json.dumps(pod_identity_trust_policy(arn, account, namespace, service_account))

        made = service_account_role(
            name, args, pulumi.Output.from_input(args["cluster_name"]).apply(trust), self
        )
        association = aws.eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=args["cluster_name"],
            namespace=namespace,
            service_account=service_account,
            # EKS asks whether the role trusts it, so it must be there, and pods shall not get it half made.
            role_arn=known_role_arn(args, *made),
            tags={**(args.get("tags") or {}), "Name": args["role_name"]},
            # EKS takes one association per service account, so a replacement cannot come first.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

        self.role_arn = known_role_arn(args, *made, association)
        self.role_name = known_after(args["role_name"], *made, association)
        self.association_id = association.association_id
        self.register_outputs(
            {
                "roleArn": self.role_arn,
                "roleName": self.role_name,
                "associationId": self.association_id,
            }
        )


def _check(args: PodIdentityRoleArgs) -> None:
    errors = ArgumentErrors("PodIdentityRole")
    errors.require(args, "cluster_name")
    errors.matches(
        "clusterName",
        args.get("cluster_name") or None,
        r"[0-9A-Za-z][\w-]{0,99}",
        "1 to 100 letters, digits, - and _",
    )
    check_service_account_role(args, errors)
    errors.raise_if_any()
