"""A role and who names it, networks, a namespace and a release whose pods find no node when there are any."""

import os

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

TRUST = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}"""

role = aws.iam.Role("role", name="faulty-nodes", assume_role_policy=TRUST)
aws.iam.RolePolicyAttachment(
    "attachment", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
)
for index in range(int(os.environ["NETWORKS"])):
    aws.ec2.Vpc(f"network-{index}", cidr_block=f"10.{index}.0.0/16")
group = aws.cloudwatch.LogGroup("logs", name="faulty")
namespace = kubernetes.core.v1.Namespace("namespace", metadata={"name": "faulty"})
kubernetes.helm.v3.Release(
    "release",
    name="web",
    namespace="faulty",
    chart="./web",
    values={"replicas": int(os.environ["REPLICAS"])},
    atomic=True,
    timeout=5,
    opts=pulumi.ResourceOptions(depends_on=[namespace]),
)
