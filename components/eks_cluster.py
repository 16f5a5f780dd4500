"""The EKS control plane with its key, logs, OIDC provider, first add-ons, and the Kubernetes provider for it."""

from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes

from components.eks_cluster_checks import check_eks_cluster, cluster_log_types, log_retention_days
from components.kubeconfig import exec_kubeconfig, update_kubeconfig_command
from components.partitions import partition_of
from components.versions import ADDONS, KUBERNETES_DEFAULT


class AccessEntryArgs(TypedDict):
    """One IAM principal's access to the Kubernetes API."""

    name: str
    """Name of the entry in this program, a DNS label."""
    principal_arn: pulumi.Input[str]
    """ARN of an IAM role or user; of a role itself, not of a session that assumed it."""
    policy: str
    """Short name of an EKS access policy, for example ``AmazonEKSClusterAdminPolicy``."""
    namespaces: NotRequired[list[str]]
    """Namespaces the policy is limited to. Default: the whole cluster."""


class EksClusterArgs(TypedDict):
    """Inputs of EksCluster."""

    cluster_name: str
    """Name in EKS, 1 to 100 of ``A-Z a-z 0-9 - _``; plain, so that all that follows from it is known at preview."""
    region: str
    """Region of the cluster, for example ``us-east-2``."""
    account_id: str
    """Account of the cluster, 12 digits."""
    vpc_id: pulumi.Input[str]
    """The VPC of the cluster."""
    private_subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Private subnets for the control plane's interfaces, in two zones at least."""
    public_subnet_ids: NotRequired[pulumi.Input[list[pulumi.Input[str]]]]
    """Public subnets of the VPC. Default: none."""
    kubernetes_version: NotRequired[str]
    """Minor version, one of KUBERNETES_SUPPORTED. Default: KUBERNETES_DEFAULT."""
    endpoint_public_access: NotRequired[bool]
    """Whether the API server answers on a public address. Default: true."""
    public_access_cidrs: NotRequired[list[str]]
    """Networks that reach the public address, in CIDR notation. Default: everywhere (callers still need IAM).
    A limit that is left out later stays; to open the address again, say ``["0.0.0.0/0"]``."""
    endpoint_private_access: NotRequired[bool]
    """Whether the API server answers inside the VPC; nodes in subnets without NAT need it. Default: true."""
    log_types: NotRequired[list[str]]
    """Control-plane logs to write, of LOG_TYPES; an empty list writes none. Default: api, audit, authenticator."""
    log_retention_days: NotRequired[int]
    """Days CloudWatch keeps them, one of RETENTION_DAYS. Default: 90."""
    access_entries: NotRequired[list[AccessEntryArgs]]
    """Who else gets in. The principal that creates the cluster is an administrator already: EKS makes its
    entry (``bootstrapClusterCreatorAdminPermissions``, which the plugin fixes to true) and refuses a second
    one for it. Default: none."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Key that encrypts Kubernetes secrets. Default: a key of the cluster's own, with alias ``eks/<name>``."""
    deletion_protection: NotRequired[bool]
    """Whether EKS refuses to delete the cluster. Default: false."""
    kubectl_role_arn: NotRequired[str]
    """Role that the Kubernetes provider assumes; it needs an access entry. Default: the caller's credentials."""
    aws_profile: NotRequired[str]
    """AWS CLI profile of the Kubernetes provider. Default: the environment's."""
    tags: NotRequired[dict[str, str]]
    """Tags of every AWS resource. Default: none."""


class EksCluster(pulumi.ComponentResource):
    """An EKS cluster without nodes: vpc-cni and kube-proxy pinned, coredns left to ClusterAddons.

    Access is by IAM access entries only (mode API). The ``aws`` command line is needed where Pulumi runs:
    the plugin and the Kubernetes provider both call it. ``kubernetes_provider`` is the provider for objects
    in the cluster; its ``cluster_identifier`` is known at preview, so no change of the cluster shows them
    as replaced.
    """

    cluster_name: pulumi.Output[str]
    """Name in EKS; whoever takes it waits for the cluster."""
    cluster_arn: pulumi.Output[str]
    """ARN of the cluster."""
    endpoint: pulumi.Output[str]
    """URL of the API server."""
    certificate_authority: pulumi.Output[str]
    """The API server's certificate authority, base64."""
    cluster_security_group_id: pulumi.Output[str]
    """The security group that EKS makes and puts on the control plane and on managed nodes."""
    oidc_provider_arn: pulumi.Output[str]
    """ARN of the IAM OIDC provider for service accounts."""
    oidc_issuer: pulumi.Output[str]
    """The OIDC issuer's host and path, without ``https://``."""
    kubernetes_version: pulumi.Output[str]
    """Minor version, known at preview."""
    kms_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts Kubernetes secrets."""
    kubeconfig: pulumi.Output[str]
    """Kubeconfig in JSON; it holds no credential, it asks ``aws eks get-token``."""
    kubeconfig_command: pulumi.Output[str]
    """Command that adds the cluster to a person's kubeconfig, known at preview."""
    log_group_name: pulumi.Output[str]
    """CloudWatch log group of the control plane, known at preview; empty without logs."""

    def __init__(
        self, name: str, args: EksClusterArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:EksCluster", name, {}, opts)
        check_eks_cluster(args)
        cluster_name, region, tags = args["cluster_name"], args["region"], args.get("tags") or {}
        version = args.get("kubernetes_version") or KUBERNETES_DEFAULT
        role_arn, profile = args.get("kubectl_role_arn"), args.get("aws_profile")

        key_arn = args.get("kms_key_arn")
        if key_arn is None:
            key = aws.kms.Key(
                f"{name}-secrets-key",
                description=f"Kubernetes secrets of the EKS cluster {cluster_name}",
                enable_key_rotation=True,
                deletion_window_in_days=30,
                tags={**tags, "Name": f"{cluster_name}-secrets"},
                opts=pulumi.ResourceOptions(parent=self),
            )
            aws.kms.Alias(
                f"{name}-secrets-key-alias",
                name=f"alias/eks/{cluster_name}",
                target_key_id=key.key_id,
                opts=pulumi.ResourceOptions(parent=self),
            )
            key_arn = key.arn

        # EKS makes this group itself, without retention, if it is not there when the cluster starts logging.
        log_types, log_group_name = cluster_log_types(args), f"/aws/eks/{cluster_name}/cluster"
        log_groups: list[pulumi.Resource] = []
        if log_types:
            log_group = aws.cloudwatch.LogGroup(
                f"{name}-logs",
                name=log_group_name,
                retention_in_days=log_retention_days(args),
                tags={**tags, "Name": log_group_name},
                opts=pulumi.ResourceOptions(parent=self),
            )
            log_groups.append(log_group)

        addons = ADDONS[version]
        public = args.get("endpoint_public_access", True)
        cluster = eks.Cluster(
            f"{name}-cluster",
            name=cluster_name,
            version=version,
            vpc_id=args["vpc_id"],
            public_subnet_ids=args.get("public_subnet_ids"),
            private_subnet_ids=args["private_subnet_ids"],
            # Given explicitly, true makes the plugin poll the public endpoint for up to five minutes.
            endpoint_public_access=None if public else False,
            public_access_cidrs=args.get("public_access_cidrs"),
            endpoint_private_access=args.get("endpoint_private_access", True),
            authentication_mode=eks.AuthenticationMode.API,
            access_entries=_access_entries(args) or None,
            encryption_config_key_arn=key_arn,
            enabled_cluster_log_types=log_types,
            deletion_protection=bool(args.get("deletion_protection")),
            skip_default_node_group=True,
            # The plugin's own would open a TLS connection to the issuer to read a thumbprint.
            create_oidc_provider=False,
            # coredns has no node to run on yet and would stay degraded: ClusterAddons adds it after the nodes.
            coredns_addon_options=eks.CoreDnsAddonOptionsArgs(enabled=False),
            vpc_cni_options=eks.VpcCniOptionsArgs(addon_version=addons["vpc-cni"]),
            kube_proxy_addon_options=eks.KubeProxyAddonOptionsArgs(version=addons["kube-proxy"]),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=log_groups),
        )
        control_plane = cluster.eks_cluster
        issuer = control_plane.apply(_issuer)

        # AWS trusts EKS issuers through its own certificate library: a thumbprint would only go stale.
        oidc_provider = aws.iam.OpenIdConnectProvider(
            f"{name}-oidc",
            url=issuer,
            client_id_lists=["sts.amazonaws.com"],
            tags={**tags, "Name": cluster_name},
            opts=pulumi.ResourceOptions(parent=self),
        )

        endpoint = control_plane.endpoint
        certificate_authority = control_plane.apply(_certificate_authority)

        def kubeconfig(values: list[str]) -> str:
            return exec_kubeconfig(
                cluster_name=cluster_name,
                region=region,
                endpoint=values[0],
                certificate_authority=values[1],
                role_arn=role_arn,
                profile=profile,
            )

        self.kubeconfig = pulumi.Output.all(endpoint, certificate_authority).apply(kubeconfig)
        self.kubernetes_provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            cluster_identifier=f"{args['account_id']}/{region}/{cluster_name}",
            # It waits for the whole component, access entries included, because its kubeconfig comes from there.
            opts=pulumi.ResourceOptions(parent=self),
        )

        self.cluster_name = control_plane.name
        self.cluster_arn = control_plane.arn
        self.endpoint = endpoint
        self.certificate_authority = certificate_authority
        self.cluster_security_group_id = control_plane.apply(_cluster_security_group)
        self.oidc_provider_arn = oidc_provider.arn
        self.oidc_issuer = issuer.apply(lambda url: url.removeprefix("https://"))
        self.kubernetes_version = pulumi.Output.from_input(version)
        self.kms_key_arn = pulumi.Output.from_input(key_arn)
        self.kubeconfig_command = pulumi.Output.from_input(
            update_kubeconfig_command(
                cluster_name=cluster_name, region=region, role_arn=role_arn, profile=profile
            )
        )
        self.log_group_name = pulumi.Output.from_input(log_group_name if log_types else "")
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "clusterArn": self.cluster_arn,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
                "clusterSecurityGroupId": self.cluster_security_group_id,
                "oidcProviderArn": self.oidc_provider_arn,
                "oidcIssuer": self.oidc_issuer,
                "kubernetesVersion": self.kubernetes_version,
                "kmsKeyArn": self.kms_key_arn,
                "kubeconfig": self.kubeconfig,
                "kubeconfigCommand": self.kubeconfig_command,
                "logGroupName": self.log_group_name,
            }
        )


def _issuer(cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    return cluster.identities.apply(lambda identities: (identities[0].oidcs or [])[0].issuer or "")


def _certificate_authority(cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    return cluster.certificate_authority.apply(lambda authority: authority.data or "")


def _cluster_security_group(cluster: aws.eks.Cluster) -> pulumi.Output[str]:
    return cluster.vpc_config.apply(lambda config: config.cluster_security_group_id or "")


def _access_entries(args: EksClusterArgs) -> dict[str, eks.AccessEntryArgs]:
    partition, tags = partition_of(args["region"]), args.get("tags") or {}
    entries: dict[str, eks.AccessEntryArgs] = {}
    for entry in args.get("access_entries") or []:
        namespaces = entry.get("namespaces")
        scope = aws.eks.AccessPolicyAssociationAccessScopeArgs(
            type="namespace" if namespaces else "cluster", namespaces=namespaces
        )
        association = eks.AccessPolicyAssociationArgs(
            policy_arn=f"arn:{partition}:eks::aws:cluster-access-policy/{entry['policy']}",
            access_scope=scope,
        )
        entries[entry["name"]] = eks.AccessEntryArgs(
            principal_arn=entry["principal_arn"],
            access_policies={entry["policy"]: association},
            tags=tags,
        )
    return entries
