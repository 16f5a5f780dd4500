"""The eks provider of the local cloud: expands ``eks:index:Cluster`` as pulumi-eks 4.4.0 does.

Children, names, parents and inputs are those that the published plugin was recorded to register
(tests/golden/eks/plugin.json). Inputs of the component that are not supported here are refused.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi.provider import ConstructResult, Provider, main

from components.partitions import partition_of

SUPPORTED_INPUTS = frozenset(
    {
        "accessEntries",
        "authenticationMode",
        "autoMode",
        "clusterTags",
        "corednsAddonOptions",
        "createInstanceRole",
        "createOidcProvider",
        "deletionProtection",
        "enabledClusterLogTypes",
        "encryptionConfigKeyArn",
        "endpointPrivateAccess",
        "endpointPublicAccess",
        "kubeProxyAddonOptions",
        "name",
        "privateSubnetIds",
        "publicAccessCidrs",
        "publicSubnetIds",
        "skipDefaultNodeGroup",
        "subnetIds",
        "tags",
        "version",
        "vpcCniOptions",
        "vpcId",
    }
)
"""Inputs of the component that this expansion understands."""

VPC_CNI_CONFIGURATION = {
    "env": {
        "AWS_VPC_ENI_MTU": "9001",
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false",
        "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
        "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG",
        "AWS_VPC_K8S_CNI_LOG_FILE": "/host/var/log/aws-routed-eni/ipamd.log",
        "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
        "AWS_VPC_K8S_PLUGIN_LOG_FILE": "/var/log/aws-routed-eni/plugin.log",
        "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": "DEBUG",
        "ENABLE_POD_ENI": "false",
        "WARM_ENI_TARGET": "1",
    },
    "init": {"env": {"DISABLE_TCP_EARLY_DEMUX": "false"}},
}
"""What the plugin configures the VPC CNI with when nothing is asked of it."""

_EXTENSION_SERVERS = (
    "Allow pods running extension API servers on port 443 to receive communication from cluster control plane"
)

Inputs = Mapping[str, Any]


class EksProvider(Provider):
    """Answers Construct for the one component that the project uses."""

    def __init__(self) -> None:
        super().__init__(metadata.version("pulumi-eks"))

    def construct(
        self, name: str, resource_type: str, inputs: Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Build the component; an unknown type or input is refused."""
        if resource_type != "eks:index:Cluster":
            raise pulumi.InputPropertyError("type", f"{resource_type} is not served by the local cloud")
        unknown = sorted(
            key for key, value in inputs.items() if value is not None and key not in SUPPORTED_INPUTS
        )
        if unknown:
            raise pulumi.InputPropertiesError(
                f"eks.Cluster {name} has inputs that the local cloud's expansion does not support",
                [{"property_path": key, "reason": "is not supported by the local cloud"} for key in unknown],
            )
        cluster = Cluster(name, inputs, options)
        return ConstructResult(cluster.urn, cluster.state)


class Cluster(pulumi.ComponentResource):
    """The component with its children."""

    def __init__(self, name: str, inputs: Inputs, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("eks:index:Cluster", name, {}, opts)
        self._name, self._inputs = name, inputs
        auto = cast("Inputs", inputs.get("autoMode") or {})
        self._auto = bool(auto.get("enabled"))
        self._tags = cast("Inputs", inputs.get("tags") or {})
        self._own = pulumi.ResourceOptions(parent=self)
        roles = self._roles(auto)
        security_group = None if self._auto else self._control_plane_group()
        cluster = self._control_plane(roles, security_group)
        node_group = None if self._auto else self._node_group(cluster, security_group)
        kubeconfig = _kubeconfig(cluster)
        provider = kubernetes.Provider(
            f"{name}-eks-k8s",
            kubeconfig=kubeconfig.apply(json.dumps),
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._access(cluster, roles)),
        )
        self._addons(cluster)
        security_group_id = security_group.id if security_group else None
        node_group_id = node_group.id if node_group else None
        issuer = cluster.identities.apply(lambda found: (found[0].oidcs or [])[0].issuer or "")
        self.state: dict[str, Any] = {
            "eksCluster": cluster,
            "clusterSecurityGroup": security_group,
            "clusterSecurityGroupId": security_group_id,
            "nodeSecurityGroup": node_group,
            "nodeSecurityGroupId": node_group_id,
            "kubeconfig": kubeconfig,
            "kubeconfigJson": kubeconfig.apply(json.dumps),
            "oidcIssuer": issuer.apply(lambda url: url.removeprefix("https://")),
            "oidcProviderUrl": issuer,
            "instanceRoles": [],
            "core": {"cluster": cluster, "endpoint": cluster.endpoint, "provider": provider},
        }
        self.register_outputs(self.state)

    def _child(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(needs))

    def _roles(self, auto: Inputs) -> dict[str, "ServiceRole"]:
        managed = ["AmazonEKSClusterPolicy"]
        trusted = ["sts:AssumeRole", "sts:TagSession"]
        if self._auto:
            kinds = ("Compute", "BlockStorage", "LoadBalancing", "Networking")
            managed += [f"AmazonEKS{kind}Policy" for kind in kinds]
        roles = {
            "eksRole": ServiceRole(
                f"{self._name}-eksRole",
                "eks.amazonaws.com",
                trusted,
                managed,
                "Allows EKS to manage clusters on your behalf.",
                self._tags,
                self._own,
            )
        }
        if not self._auto:
            return roles
        if auto.get("createNodeRole") is not False:
            roles["nodeRole"] = ServiceRole(
                f"{self._name}-nodeRole",
                "ec2.amazonaws.com",
                ["sts:AssumeRole"],
                ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"],
                None,
                self._tags,
                self._own,
            )
        if (
            not self._inputs.get("skipDefaultNodeGroup")
            and self._inputs.get("createInstanceRole") is not False
        ):
            role = ServiceRole(
                f"{self._name}-instanceRole",
                "ec2.amazonaws.com",
                ["sts:AssumeRole"],
                ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"],
                None,
                self._tags,
                self._own,
            )
            aws.iam.InstanceProfile(f"{self._name}-instanceProfile", role=role.name, opts=self._own)
            roles["instanceRole"] = role
        return roles

    def _control_plane_group(self) -> aws.ec2.SecurityGroup:
        name = f"{self._name}-eksClusterSecurityGroup"
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=self._inputs.get("vpcId"),
            revoke_rules_on_delete=True,
            tags={"Name": name, **self._tags},
            opts=self._own,
        )
        aws.ec2.SecurityGroupRule(
            f"{self._name}-eksClusterInternetEgressRule",
            description="Allow internet access.",
            type="egress",
            from_port=0,
            to_port=0,
            protocol="-1",
            cidr_blocks=["0.0.0.0/0"],
            security_group_id=group.id,
            opts=self._own,
        )
        return group

    def _control_plane(
        self, roles: Mapping[str, "ServiceRole"], group: aws.ec2.SecurityGroup | None
    ) -> aws.eks.Cluster:
        given, name = self._inputs, f"{self._name}-eksCluster"
        subnets = pulumi.Output.all(
            given.get("publicSubnetIds"), given.get("privateSubnetIds"), given.get("subnetIds")
        ).apply(_joined)
        public, private = given.get("endpointPublicAccess"), given.get("endpointPrivateAccess")
        key = given.get("encryptionConfigKeyArn")
        automatic: dict[str, Any] = {}
        if self._auto:
            pools = cast("Inputs", cast("Inputs", given["autoMode"]).get("computeConfig") or {})
            automatic = {
                "compute_config": {
                    "enabled": True,
                    "node_pools": pools.get("nodePools", ["general-purpose", "system"]),
                    "node_role_arn": roles["nodeRole"].arn
                    if "nodeRole" in roles
                    else pools.get("nodeRoleArn"),
                },
                "kubernetes_network_config": {
                    "elastic_load_balancing": {"enabled": True},
                    "ip_family": "ipv4",
                },
                "storage_config": {"block_storage": {"enabled": True}},
            }
        return aws.eks.Cluster(
            name,
            name=given.get("name"),
            role_arn=roles["eksRole"].arn,
            version=given.get("version"),
            vpc_config=_given(
                {
                    "subnet_ids": subnets,
                    "security_group_ids": [group.id] if group else None,
                    "endpoint_public_access": True if public is None else public,
                    "endpoint_private_access": False if private is None else private,
                    "public_access_cidrs": given.get("publicAccessCidrs"),
                }
            ),
            access_config={
                "authentication_mode": given.get("authenticationMode") or "CONFIG_MAP",
                "bootstrap_cluster_creator_admin_permissions": True,
            },
            bootstrap_self_managed_addons=not self._auto,
            enabled_cluster_log_types=given.get("enabledClusterLogTypes"),
            encryption_config={"resources": ["secrets"], "provider": {"key_arn": key}} if key else None,
            deletion_protection=given.get("deletionProtection"),
            tags={"Name": name, **self._tags, **(given.get("clusterTags") or {})},
            **automatic,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=roles["eksRole"].attachments,
                # Both are said at creation only; a change would replace the cluster.
                ignore_changes=[
                    "accessConfig.bootstrapClusterCreatorAdminPermissions",
                    "bootstrapSelfManagedAddons",
                ],
            ),
        )

    def _node_group(
        self, cluster: aws.eks.Cluster, control_plane: aws.ec2.SecurityGroup | None
    ) -> aws.ec2.SecurityGroup:
        assert control_plane is not None
        name = f"{self._name}-nodeSecurityGroup"
        nodes = aws.ec2.SecurityGroup(
            name,
            vpc_id=self._inputs.get("vpcId"),
            revoke_rules_on_delete=True,
            tags=cluster.name.apply(
                lambda cluster: {f"kubernetes.io/cluster/{cluster}": "owned", "Name": name, **self._tags}
            ),
            opts=self._child(cluster),
        )
        internet = {"cidr_blocks": ["0.0.0.0/0"], "from_port": 0, "to_port": 0, "protocol": "-1"}
        rules: list[tuple[str, str, str, aws.ec2.SecurityGroup, dict[str, Any]]] = [
            ("eksNodeInternetEgressRule", "egress", "Allow internet access.", nodes, internet),
            (
                "eksNodeIngressRule",
                "ingress",
                "Allow nodes to communicate with each other",
                nodes,
                {"self": True, "from_port": 0, "to_port": 0, "protocol": "-1"},
            ),
            (
                "eksExtApiServerClusterIngressRule",
                "ingress",
                _EXTENSION_SERVERS,
                nodes,
                _tcp(443, 443, control_plane),
            ),
            (
                "eksClusterIngressRule",
                "ingress",
                "Allow pods to communicate with the cluster API Server",
                control_plane,
                _tcp(443, 443, nodes),
            ),
            (
                "eksNodeClusterIngressRule",
                "ingress",
                "Allow worker Kubelets and pods to receive communication from the cluster control plane",
                nodes,
                _tcp(1025, 65535, control_plane),
            ),
        ]
        for suffix, direction, description, group, rest in rules:
            aws.ec2.SecurityGroupRule(
                f"{self._name}-{suffix}",
                type=direction,
                description=description,
                security_group_id=group.id,
                **rest,
                opts=self._own,
            )
        return nodes

    def _access(self, cluster: aws.eks.Cluster, roles: Mapping[str, "ServiceRole"]) -> list[pulumi.Resource]:
        made: list[pulumi.Resource] = []
        if "instanceRole" in roles:
            made.append(
                aws.eks.AccessEntry(
                    f"{self._name}-defaultNodeGroupInstanceRole",
                    cluster_name=cluster.name,
                    principal_arn=roles["instanceRole"].arn,
                    type="EC2_LINUX",
                    opts=self._own,
                )
            )
        entries = cast("Mapping[str, Inputs]", self._inputs.get("accessEntries") or {})
        for key, entry in entries.items():
            access = aws.eks.AccessEntry(
                f"{self._name}-{key}",
                cluster_name=cluster.name,
                principal_arn=entry["principalArn"],
                kubernetes_groups=entry.get("kubernetesGroups"),
                type=entry.get("type"),
                user_name=entry.get("username"),
                tags=entry.get("tags"),
                opts=self._own,
            )
            made.append(access)
            for policy_key, policy in cast("Mapping[str, Inputs]", entry.get("accessPolicies") or {}).items():
                scope = cast("Inputs", policy["accessScope"])
                made.append(
                    aws.eks.AccessPolicyAssociation(
                        f"{self._name}-{key}-{policy_key}",
                        cluster_name=cluster.name,
                        principal_arn=entry["principalArn"],
                        policy_arn=policy["policyArn"],
                        access_scope=_given({"type": scope["type"], "namespaces": scope.get("namespaces")}),
                        opts=pulumi.ResourceOptions(parent=access),
                    )
                )
        return made

    def _addons(self, cluster: aws.eks.Cluster) -> None:
        coredns = cast("Inputs", self._inputs.get("corednsAddonOptions") or {})
        proxy = cast("Inputs", self._inputs.get("kubeProxyAddonOptions") or {})
        cni = cast("Inputs", self._inputs.get("vpcCniOptions") or {})
        if coredns.get("enabled") is not False:
            self._addon(
                "coredns", cluster, _pinned("corednsAddonOptions.version", coredns.get("version")), self
            )
        if self._auto:
            return
        if proxy.get("enabled") is not False:
            version = _pinned("kubeProxyAddonOptions.version", proxy.get("version"))
            self._addon("kube-proxy", cluster, version, self)
        component = pulumi.ComponentResource("eks:index:VpcCniAddon", f"{self._name}-vpc-cni", {}, self._own)
        version = _pinned("vpcCniOptions.addonVersion", cni.get("addonVersion"))
        configuration = json.dumps(VPC_CNI_CONFIGURATION, separators=(",", ":"))
        self._addon("vpc-cni", cluster, version, component, configuration)

    def _addon(
        self,
        addon: str,
        cluster: aws.eks.Cluster,
        version: Any,
        parent: pulumi.Resource,
        configuration: str | None = None,
    ) -> None:
        aws.eks.Addon(
            f"{self._name}-{addon}",
            addon_name=addon,
            addon_version=version,
            cluster_name=cluster.name,
            configuration_values=configuration,
            preserve=True,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=pulumi.ResourceOptions(parent=parent),
        )


class ServiceRole(pulumi.ComponentResource):
    """A role that one AWS service assumes, with AWS's managed policies attached."""

    def __init__(
        self,
        name: str,
        service: str,
        actions: list[str],
        policies: list[str],
        description: str | None,
        tags: Inputs,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("eks:index:ServiceRole", name, {}, opts)
        own = pulumi.ResourceOptions(parent=self)
        statement = {"Action": actions, "Effect": "Allow", "Principal": {"Service": [service]}}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=trust,
            description=description,
            tags=dict(tags) or None,
            opts=own,
        )
        arns = [f"arn:{partition_of(_region())}:iam::aws:policy/{policy}" for policy in policies]
        self.attachments: list[pulumi.Resource] = [
            aws.iam.RolePolicyAttachment(f"{name}-{_hash(arn)}", role=role.name, policy_arn=arn, opts=own)
            for arn in arns
        ]
        self.name, self.arn = role.name, role.arn
        self.register_outputs({"role": role})


def _given(values: dict[str, Any]) -> Any:
    """The values that are given: a None inside a structure would be sent as null."""
    return {key: value for key, value in values.items() if value is not None}


def _joined(lists: list[list[str] | None]) -> list[str]:
    return [item for one in lists for item in (one or [])]


def _hash(arn: str) -> str:
    """The plugin's suffix of an attachment's name."""
    return hashlib.sha1(arn.encode(), usedforsecurity=False).hexdigest()[:8]


def _region() -> str:
    return pulumi.Config("aws").get("region") or "us-east-1"


def _tcp(first: int, last: int, source: aws.ec2.SecurityGroup) -> dict[str, Any]:
    return {"from_port": first, "to_port": last, "protocol": "tcp", "source_security_group_id": source.id}


def _pinned(path: str, version: Any) -> Any:
    """The version; the published plugin would look up the newest, which the simulated account does not know."""
    if version is None:
        raise pulumi.InputPropertyError(path, "is required by the local cloud: pin the add-on's version")
    return version


def _kubeconfig(cluster: aws.eks.Cluster) -> pulumi.Output[dict[str, Any]]:
    """The kubeconfig that the plugin hands out: exec auth through the AWS CLI."""

    def build(values: list[Any]) -> dict[str, Any]:
        endpoint, authority, name = values
        command = {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": ["eks", "get-token", "--cluster-name", name, "--output", "json"],
            "env": [
                {
                    "name": "KUBERNETES_EXEC_INFO",
                    "value": '{"apiVersion": "client.authentication.k8s.io/v1beta1"}',
                }
            ],
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "kubernetes",
                    "cluster": {"server": endpoint, "certificate-authority-data": authority},
                }
            ],
            "contexts": [{"name": "aws", "context": {"cluster": "kubernetes", "user": "aws"}}],
            "current-context": "aws",
            "users": [{"name": "aws", "user": {"exec": command}}],
        }

    authority = cluster.certificate_authority.apply(lambda found: found.data)
    return pulumi.Output.all(cluster.endpoint, authority, cluster.name).apply(build)


if __name__ == "__main__":
    main(EksProvider(), sys.argv[1:])
