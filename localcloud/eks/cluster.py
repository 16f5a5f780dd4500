"""`eks:index:Cluster`: the AWS resources that the published plugin (4.4.0) makes for one cluster."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from localcloud.eks.kubeconfig import kubeconfig
from localcloud.eks.options import check_options, enabled, section
from localcloud.eks.resources import (
    Child,
    Output,
    ServiceRole,
    addon,
    addon_version,
    children_of,
    compact,
    configuration,
    conflicts,
    egress_rule,
    given,
    security_group,
    security_group_rule,
)
from localcloud.eks.vpc_cni import VpcCniAddon

_CLUSTER_OUTPUTS = ("arn", "certificateAuthority", "endpoint", "identities", "vpcConfig", "version")
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
_AUTO_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
_AUTO_CLUSTER_POLICIES = (
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)


class Cluster(pulumi.ComponentResource):
    """A cluster with its role, security groups, access entries and first add-ons."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:Cluster", name, {}, opts)
        check_options(inputs)
        self._name = name
        self._inputs = inputs
        self._auto = enabled(inputs.get("autoMode"), default=False)
        self._tags = inputs.get("tags")
        token = "aws:index/getPartition:getPartition"  # noqa: S105 -- a function token
        found = pulumi.runtime.invoke_output(token, {}, pulumi.InvokeOutputOptions(parent=self))
        self._partition: Output = found.apply(lambda answer: answer["partition"])

        self.role = self._cluster_role()
        self.group = self._cluster_group()
        self.node_role = self._auto_node_role()
        self.cluster = self._control_plane()
        if enabled(inputs.get("kubeProxyAddonOptions"), default=not self._auto):
            self._simple_addon("kube-proxy", section(inputs, "kubeProxyAddonOptions"))
        self.provider = self._kubernetes_provider()
        self.instance_role = self._instance_role()
        entries = self._access_entries()
        self.vpc_cni = self._vpc_cni(entries)
        if self._wants_coredns():
            self._simple_addon("coredns", section(inputs, "corednsAddonOptions"))
        self.oidc_provider = self._oidc_provider()
        self.node_group, self.ingress_rule = self._node_group()
        self.state = self._outputs()
        """Outputs under their wire names."""
        self.register_outputs(self.state)

    def _merged(self, *tags: Any, **own: str) -> Output:
        """The component's own tags under those of the program."""
        return pulumi.Output.all(*tags).apply(
            lambda all_: {**own, **{key: value for one in all_ for key, value in _entries(one).items()}}
        )

    def _cluster_role(self) -> ServiceRole:
        return ServiceRole(
            f"{self._name}-eksRole",
            "eks.amazonaws.com",
            ("AmazonEKSClusterPolicy", *(_AUTO_CLUSTER_POLICIES if self._auto else ())),
            self._partition,
            self,
            description="Allows EKS to manage clusters on your behalf.",
            actions=("sts:AssumeRole", "sts:TagSession"),
            tags=self._tags,
        )

    def _has_groups(self) -> bool:
        skip = self._inputs.get("skipDefaultSecurityGroups")
        return not (self._auto if skip is None else skip)

    def _cluster_group(self) -> Child | None:
        if not self._has_groups():
            return None
        name = f"{self._name}-eksClusterSecurityGroup"
        tags = self._merged(self._inputs.get("clusterSecurityGroupTags"), self._tags, Name=name)
        group = security_group(name, self._inputs["vpcId"], tags, self)
        egress_rule(f"{self._name}-eksClusterInternetEgressRule", group, self)
        return group

    def _auto_node_role(self) -> ServiceRole | None:
        if not self._auto or section(self._inputs, "autoMode").get("createNodeRole") is False:
            return None
        return ServiceRole(
            f"{self._name}-nodeRole",
            "ec2.amazonaws.com",
            _AUTO_NODE_POLICIES,
            self._partition,
            self,
            tags=self._tags,
        )

    def _subnet_ids(self) -> Any:
        inputs = self._inputs
        if inputs.get("subnetIds") is not None:
            return inputs["subnetIds"]
        both = pulumi.Output.all(inputs.get("publicSubnetIds") or [], inputs.get("privateSubnetIds") or [])
        return both.apply(lambda ids: [*ids[0], *ids[1]])

    def _control_plane(self) -> Child:
        inputs = self._inputs
        key = inputs.get("encryptionConfigKeyArn")
        encryption = None if key is None else {"provider": {"keyArn": key}, "resources": ["secrets"]}
        bootstrap = inputs.get("bootstrapSelfManagedAddons")
        config = given(
            securityGroupIds=[self.group.id] if self.group else None,
            subnetIds=self._subnet_ids(),
            endpointPrivateAccess=inputs.get("endpointPrivateAccess"),
            endpointPublicAccess=inputs.get("endpointPublicAccess"),
            publicAccessCidrs=inputs.get("publicAccessCidrs"),
        )
        properties = {
            "name": inputs.get("name"),
            "roleArn": self.role.role.output("arn"),
            **self._auto_mode_config(),
            "bootstrapSelfManagedAddons": False if self._auto else True if bootstrap is None else bootstrap,
            "vpcConfig": config,
            "version": inputs.get("version"),
            "enabledClusterLogTypes": inputs.get("enabledClusterLogTypes"),
            "tags": self._merged(inputs.get("clusterTags"), self._tags, Name=f"{self._name}-eksCluster"),
            "encryptionConfig": encryption,
            "accessConfig": {
                "authenticationMode": inputs["authenticationMode"],
                "bootstrapClusterCreatorAdminPermissions": True,
            },
            "upgradePolicy": inputs.get("upgradePolicy"),
            "deletionProtection": inputs.get("deletionProtection"),
        }
        roles = [self.role, *([self.node_role] if self.node_role else [])]
        return Child(
            "aws:eks/cluster:Cluster",
            f"{self._name}-eksCluster",
            properties,
            _CLUSTER_OUTPUTS,
            pulumi.ResourceOptions(
                parent=self,
                depends_on=[one for role in roles for one in (role.role, *role.attachments)],
                ignore_changes=[
                    "accessConfig.bootstrapClusterCreatorAdminPermissions",
                    "bootstrapSelfManagedAddons",
                ],
            ),
        )

    def _auto_mode_config(self) -> dict[str, Any]:
        inputs = self._inputs
        range_, family = inputs.get("kubernetesServiceIpAddressRange"), inputs.get("ipFamily")
        if not self._auto and not (range_ or family):
            return {}
        network = pulumi.Output.all(range_, family).apply(
            lambda both: given(
                serviceIpv4Cidr=both[0] if (both[1] or "ipv4") == "ipv4" else None,
                ipFamily=both[1] or "ipv4",
                elasticLoadBalancing={"enabled": True} if self._auto else None,
            )
        )
        if not self._auto:
            return {"kubernetesNetworkConfig": network}
        role = self.node_role.role.output("arn") if self.node_role else None
        compute = pulumi.Output.all(section(inputs, "autoMode").get("computeConfig"), role).apply(
            lambda both: {
                **given(enabled=True, nodeRoleArn=both[1], nodePools=["general-purpose", "system"]),
                **_entries(both[0]),
            }
        )
        return {
            "computeConfig": compute,
            "storageConfig": {"blockStorage": {"enabled": True}},
            "kubernetesNetworkConfig": network,
        }

    def _simple_addon(self, name: str, options: Mapping[str, Any]) -> Child:
        version = addon_version(name, options, self.cluster.output("version"), self)
        return addon(
            f"{self._name}-{name}",
            self.cluster,
            name,
            version,
            self,
            **conflicts(options),
            configurationValues=configuration(options.get("configurationValues")),
            tags=self._tags,
        )

    def _wants_coredns(self) -> bool:
        options = section(self._inputs, "corednsAddonOptions")
        if options.get("enabled") is True or options.get("configurationValues"):
            return True
        placeable = not self._inputs.get("skipDefaultNodeGroup") or self._auto
        return placeable and enabled(options, default=True)

    def _kubeconfig(self, *, profile: bool) -> Output:
        cluster = self.cluster
        values = pulumi.Output.all(
            cluster.output("name"),
            cluster.output("endpoint"),
            cluster.output("certificateAuthority"),
            cluster.output("arn"),
            self._inputs.get("providerCredentialOpts"),
        )
        return values.apply(
            lambda known: kubeconfig(
                known[0], known[1], known[2]["data"], known[3].split(":")[3], known[4] or {}, profile=profile
            )
        )

    def _kubernetes_provider(self) -> pulumi.ProviderResource:
        properties = {
            "kubeconfig": self._kubeconfig(profile=True).apply(compact),
            "enableConfigMapMutable": _as_json(self._inputs.get("enableConfigMapMutable")),
        }
        return pulumi.ProviderResource("kubernetes", f"{self._name}-eks-k8s", properties, children_of(self))

    def _instance_role(self) -> ServiceRole | None:
        create = self._inputs.get("createInstanceRole")
        if not (create or (create is None and not self._inputs.get("skipDefaultNodeGroup"))):
            return None
        role = ServiceRole(
            f"{self._name}-instanceRole",
            "ec2.amazonaws.com",
            _NODE_POLICIES,
            self._partition,
            self,
            tags=self._tags,
        )
        token = "aws:iam/instanceProfile:InstanceProfile"  # noqa: S105 -- a type token
        # It names the role once the role has its policies.
        options = children_of(self, role.attachments)
        Child(token, f"{self._name}-instanceProfile", {"role": role.role}, (), options)
        return role

    def _access_entries(self) -> list[Child]:
        wanted: dict[str, Mapping[str, Any]] = {}
        if self.instance_role:
            arn = self.instance_role.role.output("arn")
            wanted["defaultNodeGroupInstanceRole"] = {"principalArn": arn, "type": "EC2_LINUX"}
        wanted.update(section(self._inputs, "accessEntries"))
        return [self._access_entry(f"{self._name}-{key}", entry) for key, entry in wanted.items()]

    def _access_entry(self, name: str, entry: Mapping[str, Any]) -> Child:
        common = {"clusterName": self.cluster.output("name"), "principalArn": entry["principalArn"]}
        properties = {
            **common,
            "kubernetesGroups": entry.get("kubernetesGroups"),
            "tags": entry.get("tags"),
            "type": entry.get("type"),
            "userName": entry.get("username"),
        }
        made = Child(
            "aws:eks/accessEntry:AccessEntry",
            name,
            properties,
            ["accessEntryArn"],
            children_of(self, [self.cluster]),
        )
        associations: dict[str, Any] = entry.get("accessPolicies") or {}
        for key, association in associations.items():
            given = pulumi.Output.from_input(association)
            policy = {
                **common,
                "policyArn": given.apply(lambda one: one["policyArn"]),
                "accessScope": given.apply(lambda one: one["accessScope"]),
            }
            token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"  # noqa: S105 -- a type token
            Child(token, f"{name}-{key}", policy, (), children_of(made, [made]))
        return made

    def _vpc_cni(self, entries: list[Child]) -> VpcCniAddon | None:
        use_default = self._inputs.get("useDefaultVpcCni")
        if self._auto if use_default is None else use_default:
            return None
        return VpcCniAddon(
            f"{self._name}-vpc-cni",
            self.cluster,
            section(self._inputs, "vpcCniOptions"),
            self._tags,
            pulumi.ResourceOptions(
                parent=self, depends_on=[*entries], providers={"kubernetes": self.provider}
            ),
        )

    def _issuer(self) -> Output:
        return self.cluster.output("identities").apply(lambda known: known[0]["oidcs"][0]["issuer"])

    def _oidc_provider(self) -> Child | None:
        if not self._inputs.get("createOidcProvider"):
            return None
        properties = {
            "clientIdLists": ["sts.amazonaws.com"],
            "url": self._issuer(),
            # The plugin reads it from the issuer's TLS connection; the simulated issuer has none.
            "thumbprintLists": ["06b25927c42a721631c1efd9431e648fa62e1e39"],
        }
        token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"  # noqa: S105 -- a type token
        return Child(token, f"{self._name}-oidcProvider", properties, ["arn"], children_of(self))

    def _node_group(self) -> tuple[Child | None, Child | None]:
        if self.group is None:
            return None, None
        name, cluster_group = self._name, self.group
        tags = pulumi.Output.all(
            self._inputs.get("nodeSecurityGroupTags"), self._tags, self.cluster.output("name")
        ).apply(
            lambda known: {
                "Name": f"{name}-nodeSecurityGroup",
                f"kubernetes.io/cluster/{known[2]}": "owned",
                **_entries(known[0]),
                **_entries(known[1]),
            }
        )
        group = security_group(f"{name}-nodeSecurityGroup", self._inputs["vpcId"], tags, self)
        security_group_rule(
            f"{name}-eksNodeIngressRule",
            self,
            description="Allow nodes to communicate with each other",
            type="ingress",
            fromPort=0,
            toPort=0,
            protocol="-1",
            securityGroupId=group.id,
            self=True,
        )
        between: dict[str, Any] = {"type": "ingress", "protocol": "tcp"}
        security_group_rule(
            f"{name}-eksNodeClusterIngressRule",
            self,
            description="Allow worker Kubelets and pods to receive communication from the cluster control plane",
            fromPort=1025,
            toPort=65535,
            securityGroupId=group.id,
            sourceSecurityGroupId=cluster_group.id,
            **between,
        )
        security_group_rule(
            f"{name}-eksExtApiServerClusterIngressRule",
            self,
            description="Allow pods running extension API servers on port 443 to receive communication from "
            "cluster control plane",
            fromPort=443,
            toPort=443,
            securityGroupId=group.id,
            sourceSecurityGroupId=cluster_group.id,
            **between,
        )
        egress_rule(f"{name}-eksNodeInternetEgressRule", group, self)
        ingress = security_group_rule(
            f"{name}-eksClusterIngressRule",
            self,
            description="Allow pods to communicate with the cluster API Server",
            fromPort=443,
            toPort=443,
            securityGroupId=cluster_group.id,
            sourceSecurityGroupId=group.id,
            **between,
        )
        return group, ingress

    def _outputs(self) -> dict[str, Any]:
        cluster = self.cluster
        own_group = cluster.output("vpcConfig").apply(lambda known: known.get("clusterSecurityGroupId", ""))
        instance_roles = [self.instance_role.role] if self.instance_role else []
        kubeconfig_ = self._kubeconfig(profile=False)
        auto_role = self.node_role.role.output("name") if self.node_role else ""
        core = {
            "accessEntries": [
                {key: value for key, value in entry.items() if key != "accessPolicies"}
                for entry in section(self._inputs, "accessEntries").values()
            ],
            "cluster": cluster,
            "clusterIamRole": self.role.role,
            "clusterSecurityGroup": self.group,
            "endpoint": cluster.output("endpoint"),
            "instanceRoles": instance_roles,
            "kubeconfig": kubeconfig_,
            "nodeGroupOptions": {"version": self._inputs.get("version")},
            "nodeSecurityGroupTags": self._inputs.get("nodeSecurityGroupTags"),
            "oidcProvider": self.oidc_provider,
            "privateSubnetIds": self._inputs.get("privateSubnetIds"),
            "provider": self.provider,
            "publicSubnetIds": self._inputs.get("publicSubnetIds"),
            "storageClasses": {},
            "subnetIds": self._subnet_ids(),
            "tags": self._tags,
            "vpcCni": self.vpc_cni,
            "vpcId": self._inputs["vpcId"],
        }
        return {
            "autoModeNodeRoleName": auto_role,
            "clusterIngressRuleId": self.ingress_rule.output("securityGroupRuleId")
            if self.ingress_rule
            else "",
            "clusterSecurityGroup": self.group,
            "clusterSecurityGroupId": self.group.id if self.group else own_group,
            "core": {key: value for key, value in core.items() if value is not None},
            "defaultNodeGroupAsgName": "",
            "eksCluster": cluster,
            "eksClusterIngressRule": self.ingress_rule,
            "fargateProfileId": "",
            "fargateProfileStatus": "",
            "instanceRoles": instance_roles,
            "kubeconfig": kubeconfig_,
            "kubeconfigJson": kubeconfig_.apply(compact),
            "nodeSecurityGroup": self.node_group,
            "nodeSecurityGroupId": self.node_group.id if self.node_group else own_group,
            "oidcIssuer": self._issuer().apply(lambda url: url.replace("https://", "")),
            "oidcProviderArn": self.oidc_provider.output("arn") if self.oidc_provider else "",
            "oidcProviderUrl": self._issuer(),
        }


def _entries(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _as_json(value: Any) -> Any:
    """Provider configuration travels as JSON text."""
    return None if value is None else pulumi.Output.from_input(value).apply(json.dumps)
