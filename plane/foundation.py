"""What everything else stands on: network, cluster, checkpoints, image registry, certificate."""

import dataclasses

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks

from components.certificate import Certificate, CertificateArgs
from components.checkpoint_bucket import CheckpointBucket, CheckpointBucketArgs
from components.eks_cluster import AccessEntryArgs, EksCluster, EksClusterArgs
from components.endpoint_services import endpoint_services
from components.image_repositories import ImageRepositories, ImageRepositoriesArgs
from components.vpc import Vpc, VpcArgs
from components.vpc_endpoints import VpcEndpoints
from config.settings import Settings


@dataclasses.dataclass(frozen=True)
class Foundation:
    """The components that later layers build on, and the providers they build with."""

    aws: aws.Provider
    vpc: Vpc
    endpoints: VpcEndpoints | None
    cluster: EksCluster
    bucket: CheckpointBucket
    repositories: ImageRepositories
    certificate: Certificate

    def in_aws(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a component that makes AWS resources, after ``needs``."""
        return pulumi.ResourceOptions(providers=[self.aws], depends_on=list(needs))

    def in_cluster(self, *needs: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a component that makes AWS and Kubernetes resources, after ``needs``."""
        providers: list[pulumi.ProviderResource] = [self.aws, self.cluster.kubernetes_provider]
        return pulumi.ResourceOptions(providers=providers, depends_on=list(needs))


def build_foundation(settings: Settings) -> Foundation:
    """Register the foundation."""
    # These tags reach every AWS resource; only what a launch template launches has to be told again.
    provider = aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        default_tags={"tags": settings.tags},
    )
    in_aws = pulumi.ResourceOptions(providers=[provider])
    vpc = Vpc("network", _vpc_args(settings), in_aws)
    return Foundation(
        aws=provider,
        vpc=vpc,
        endpoints=_endpoints(settings, vpc, in_aws),
        cluster=EksCluster(
            "cluster",
            _cluster_args(settings, vpc),
            # Stacks may switch default providers off, and the remote component would fall back to one.
            pulumi.ResourceOptions(providers=[provider, eks.Provider("eks")]),
        ),
        bucket=CheckpointBucket("checkpoints", _bucket_args(settings), in_aws),
        repositories=ImageRepositories("images", _repositories_args(settings), in_aws),
        certificate=Certificate("certificate", _certificate_args(settings), in_aws),
    )


def _vpc_args(settings: Settings) -> VpcArgs:
    network = settings.network
    args: VpcArgs = {"region": settings.region, "cluster_name": settings.cluster.name}
    if network.existing:
        args["existing"] = {
            "vpc_id": network.existing.vpc_id,
            "cidr": network.existing.cidr,
            "availability_zones": list(network.existing.availability_zones),
            "public_subnet_ids": list(network.existing.public_subnet_ids),
            "private_subnet_ids": list(network.existing.private_subnet_ids),
        }
        return args
    args["cidr"] = network.cidr
    args["availability_zones"] = list(network.availability_zones)
    args["nat"] = network.nat
    args["flow_logs"] = network.flow_logs
    return args


def _endpoints(settings: Settings, vpc: Vpc, opts: pulumi.ResourceOptions) -> VpcEndpoints | None:
    wanted = settings.network.endpoints
    if wanted == "none":
        return None
    if wanted == "auto":
        # An existing VPC has a way out that is not ours to know: only image pulls are kept private there.
        closed = settings.network.existing is None and settings.network.nat == "none"
        services = endpoint_services(
            has_nat=not closed,
            private_images=True,
            kms=settings.checkpoints.encryption == "kms",
            pod_identity=settings.access.mode == "pod-identity",
        )
    else:
        services = list(wanted)
    return VpcEndpoints(
        "endpoints",
        {
            "region": settings.region,
            "vpc_id": vpc.vpc_id,
            "allowed_cidrs": [settings.network.vpc_cidr],
            "subnet_ids": [vpc.private_subnet_in(zone) for zone in settings.network.zones],
            "services": services,
        },
        opts,
    )


def _cluster_args(settings: Settings, vpc: Vpc) -> EksClusterArgs:
    cluster = settings.cluster
    entries: list[AccessEntryArgs] = []
    for entry in cluster.access_entries:
        args: AccessEntryArgs = {
            "name": entry.name,
            "principal_arn": entry.principal_arn,
            "policy": entry.policy,
        }
        if entry.namespaces:
            args["namespaces"] = list(entry.namespaces)
        entries.append(args)
    result: EksClusterArgs = {
        "cluster_name": cluster.name,
        "region": settings.region,
        "account_id": settings.account_id,
        "vpc_id": vpc.vpc_id,
        "private_subnet_ids": [vpc.private_subnet_in(zone) for zone in settings.network.zones],
        "public_subnet_ids": vpc.public_subnet_ids.apply(list[pulumi.Input[str]]),
        "kubernetes_version": cluster.kubernetes_version,
        "endpoint_public_access": cluster.endpoint_public_access,
        "log_types": list(cluster.log_types),
        "log_retention_days": cluster.log_retention_days,
        "access_entries": entries,
        "deletion_protection": cluster.deletion_protection,
    }
    if cluster.endpoint_public_access:
        # Also where it is what EKS begins with: left out, an earlier limit would stay.
        result["public_access_cidrs"] = list(cluster.public_access_cidrs)
    if cluster.kms_key_arn:
        result["kms_key_arn"] = cluster.kms_key_arn
    return result


def _bucket_args(settings: Settings) -> CheckpointBucketArgs:
    checkpoints = settings.checkpoints
    args: CheckpointBucketArgs = {
        "bucket_name": settings.bucket_name,
        "region": settings.region,
        "account_id": settings.account_id,
        "versioning": checkpoints.versioning,
        "sse": "aws:kms" if checkpoints.encryption == "kms" else "AES256",
        "protect": checkpoints.protect,
    }
    if checkpoints.kms_key_arn:
        args["kms_key_arn"] = checkpoints.kms_key_arn
    return args


def _repositories_args(settings: Settings) -> ImageRepositoriesArgs:
    return {
        "names": list(settings.images.repositories),
        "region": settings.region,
        "account_id": settings.account_id,
    }


def _certificate_args(settings: Settings) -> CertificateArgs:
    certificate = settings.ingress.certificate
    if certificate.arn:
        return {"arn": certificate.arn}
    return {
        "domain_names": list(certificate.domain_names),
        "hosted_zone_id": certificate.hosted_zone_id or "",
    }
