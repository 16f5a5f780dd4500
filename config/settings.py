"""The settings of one stack: every area, and the rules between areas."""

from collections.abc import Iterator

from components.hostnames import covers
from components.instance_types import INSTANCE_TYPES
from components.versions import AMI_RELEASES
from config.area import Fault, rule
from config.areas import Areas
from config.gpu_nodes import is_release_of
from config.packing import Demand, misfits


class Settings(Areas):
    """Everything that a stack has chosen, checked; made by `config.loading.validate`, which runs the rules."""

    @rule("region", "network.existing", "network.availability_zones")
    def _zones_are_in_the_region(self) -> Iterator[Fault]:
        network = self.network
        if not network.sound("existing.availability_zones"):
            return
        path = "network.existing.availabilityZones" if network.existing else "network.availabilityZones"
        for index, zone in enumerate(network.zones):
            if zone[:-1] != self.region:
                yield Fault(
                    f"{path}[{index}]",
                    f"is {zone!r}, which is not a zone of {self.region}; expected such as {self.region}a",
                )

    @rule("gpu_nodes.capacity.availability_zone", "network.existing", "network.availability_zones")
    def _capacity_is_in_our_zones(self) -> Iterator[Fault]:
        zone = self.gpu_nodes.capacity.availability_zone
        if not self.network.sound("existing.availability_zones"):
            return
        if zone is not None and self.network.zones and zone not in self.network.zones:
            yield Fault(
                "gpuNodes.capacity.availabilityZone",
                f"is {zone!r}, but the network spans {', '.join(self.network.zones)}; add the zone to the network",
            )

    @rule("cluster.kubernetes_version", "gpu_nodes.ami", "gpu_nodes.ami_release")
    def _ami_is_of_the_version(self) -> Iterator[Fault]:
        version, release = self.cluster.kubernetes_version, self.gpu_nodes.ami_release
        # Bottlerocket's releases do not name a Kubernetes version; one in no known format is told already.
        if release is None or self.gpu_nodes.ami != "al2023" or not is_release_of("al2023", release):
            return
        if not release.startswith(f"{version}."):
            yield Fault(
                "gpuNodes.amiRelease",
                f"is {release!r}, but cluster.kubernetesVersion is {version}; expected a release that begins "
                f"with {version}., such as {AMI_RELEASES[version]['al2023']}",
            )

    @rule("models", "gpu_nodes.instance_type", "gpu_nodes.count", "gpu_nodes.max_count")
    def _models_pack_onto_the_nodes(self) -> Iterator[Fault]:
        nodes = self.gpu_nodes
        type_ = INSTANCE_TYPES[nodes.instance_type]
        size = {key: model.gpus for key, model in self.models.items() if model.sound("gpus", "replicas")}
        fitting = {key: gpus for key, gpus in size.items() if gpus <= type_.gpus}
        for key in size.keys() - fitting.keys():
            yield Fault(
                f"models.{key}.gpus",
                f"is {size[key]}, but one {type_.name} has {type_.gpus}; a model does not span nodes: "
                "use a bigger gpuNodes.instanceType or fewer gpus",
            )
        demands = [
            Demand(key, gpus) for key, gpus in fitting.items() for _ in range(self.models[key].replicas)
        ]
        left_out = misfits(demands, nodes.packing_count, type_.gpus)
        for key in dict.fromkeys(misfit.demand.model for misfit in left_out):
            without = [misfit for misfit in left_out if misfit.demand.model == key]
            free = without[0].free
            replicas = self.models[key].replicas
            which = f"{len(without)} of its {replicas} replicas" if replicas > 1 else "it"
            yield Fault(
                f"models.{key}.gpus",
                f"is {fitting[key]}, but {which} does not fit: once the others are placed, {sum(free)} GPUs "
                f"are left on {nodes.packing_count} {type_.name} of {type_.gpus} GPUs, at most {max(free)} on "
                "one node; raise gpuNodes.count or take fewer gpus or replicas",
            )

    @rule("models")
    def _hostnames_are_distinct(self) -> Iterator[Fault]:
        owner: dict[str, str] = {}
        for key, model in self.models.items():
            if model.sound("hostname") and owner.setdefault(model.hostname, key) != key:
                yield Fault(
                    f"models.{key}.hostname",
                    f"is {model.hostname!r}, as for {owner[model.hostname]}; the hostname selects the model, "
                    "so give each its own",
                )

    @rule("models", "ingress.certificate.domain_names")
    def _hostnames_are_covered(self) -> Iterator[Fault]:
        names = self.ingress.certificate.domain_names
        for key, model in self.models.items():
            if model.sound("hostname") and not covers(names, model.hostname):
                yield Fault(
                    f"models.{key}.hostname",
                    f"is {model.hostname!r}, which ingress.certificate.domainNames ({', '.join(names)}) do not "
                    "cover; a wildcard stands for exactly one label",
                )

    @rule("models", "chart.release_name")
    def _object_names_are_short(self) -> Iterator[Fault]:
        for key in self.models:
            name = f"{self.chart.release_name}-{key}"
            if len(name) > 63:
                yield Fault(
                    f"models.{key}",
                    f"makes a Service named {name!r}, {len(name)} characters; Kubernetes takes 63: use a key of "
                    f"at most {62 - len(self.chart.release_name)}",
                )

    @rule("models", "checkpoints.prefix")
    def _checkpoints_are_apart(self) -> Iterator[Fault]:
        sound = [key for key, model in self.models.items() if model.sound("checkpoint_prefix")]
        for index, key in enumerate(sound):
            for earlier in sound[:index]:
                mine, theirs = self.checkpoint_prefix(key), self.checkpoint_prefix(earlier)
                if mine == theirs:
                    reason = f"is {mine!r}, as for {earlier}; give each model a prefix of its own"
                elif f"{mine}/".startswith(f"{theirs}/") or f"{theirs}/".startswith(f"{mine}/"):
                    reason = (
                        f"is {mine!r} and that of {earlier} is {theirs!r}; one holds the other, so a model "
                        "would download both: keep them apart"
                    )
                else:
                    continue
                yield Fault(f"models.{key}.checkpointPrefix", reason)

    @rule("ingress.scheme", "ingress.allow_unauthenticated")
    def _internet_needs_a_key(self) -> Iterator[Fault]:
        open_to_all = self.ingress.scheme == "internet-facing" and not self.has_api_key
        if open_to_all and not self.ingress.allow_unauthenticated:
            yield Fault(
                "vllmApiKey",
                "is required, for ingress.scheme is internet-facing: run `pulumi config set --secret vllmApiKey "
                "<key>`, or write ingress.allowUnauthenticated: true to let anybody in",
            )

    @rule("ingress.scheme", "network.existing")
    def _internet_needs_public_subnets(self) -> Iterator[Fault]:
        existing = self.network.existing
        if self.ingress.scheme != "internet-facing" or existing is None:
            return
        if existing.sound("public_subnet_ids") and not existing.public_subnet_ids:
            yield Fault(
                "network.existing.publicSubnetIds",
                "is required, for ingress.scheme is internet-facing: give one public subnet per zone",
            )

    @rule()
    def _static_credentials_are_whole(self) -> Iterator[Fault]:
        if self.has_s3_access_key_id != self.has_s3_secret_access_key:
            missing = "s3SecretAccessKey" if self.has_s3_access_key_id else "s3AccessKeyId"
            yield Fault(
                missing,
                "is missing while its other half is given; set both with `pulumi config set --secret`, or "
                "neither to use the role of the service account",
            )

    @rule("cluster.name", "account_id", "region", "checkpoints.bucket_name")
    def _bucket_name_is_short(self) -> Iterator[Fault]:
        if len(self.bucket_name) > 63:
            yield Fault(
                "checkpoints.bucketName",
                f"would be {self.bucket_name!r}, {len(self.bucket_name)} characters; S3 takes 63: set it, or "
                "shorten cluster.name",
            )

    @rule("region")
    def _arns_are_of_the_region(self) -> Iterator[Fault]:
        for path, arn in self._arns():
            _, partition, service, region, *_ = arn.split(":")
            if partition != self.partition:
                yield Fault(
                    path,
                    f"is of the partition {partition}, but {self.region} is in {self.partition}: {arn}",
                )
            elif service != "iam" and region != self.region:
                yield Fault(
                    path,
                    f"is of the region {region}, but the stack is in {self.region}; give one from there: {arn}",
                )

    def _arns(self) -> Iterator[tuple[str, str]]:
        """Every ARN among the settings with its path."""
        if self.sound("cluster.kms_key_arn") and self.cluster.kms_key_arn:
            yield "cluster.kmsKeyArn", self.cluster.kms_key_arn
        if self.sound("cluster.access_entries"):
            for index, entry in enumerate(self.cluster.access_entries):
                yield f"cluster.accessEntries[{index}].principalArn", entry.principal_arn
        if self.sound("gpu_nodes.capacity.resource_group_arn") and self.gpu_nodes.capacity.resource_group_arn:
            yield "gpuNodes.capacity.resourceGroupArn", self.gpu_nodes.capacity.resource_group_arn
        if self.sound("ingress.certificate.arn") and self.ingress.certificate.arn:
            yield "ingress.certificate.arn", self.ingress.certificate.arn
        if self.sound("checkpoints.kms_key_arn") and self.checkpoints.kms_key_arn:
            yield "checkpoints.kmsKeyArn", self.checkpoints.kms_key_arn
        if self.sound("images.pull_through"):
            for index, entry in enumerate(self.images.pull_through):
                if entry.credential_arn:
                    yield f"images.pullThrough[{index}].credentialArn", entry.credential_arn
