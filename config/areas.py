"""All areas of one stack side by side, and what follows from them."""

from pydantic import Field

from components.partitions import partition_of, registry_host
from components.versions import AMI_RELEASES
from config.access import Access
from config.area import Area
from config.chart import Chart
from config.checkpoints import Checkpoints
from config.cluster import Cluster
from config.formats import AccountId, Region
from config.gpu_nodes import GpuNodes
from config.images import Images
from config.ingress import Ingress
from config.models import Models
from config.network import Network
from config.system_nodes import SystemNodes
from config.tags import Tags


class Areas(Area):
    """Everything that a stack can choose."""

    region: Region = Field(alias="aws:region")
    """Region of everything (`pulumi config set aws:region us-east-2`)."""
    account_id: AccountId
    """The AWS account that the stack is for; a run against another one is refused."""
    network: Network
    """The VPC."""
    cluster: Cluster = Cluster()
    """The EKS cluster."""
    system_nodes: SystemNodes = SystemNodes()
    """CPU nodes."""
    gpu_nodes: GpuNodes
    """GPU nodes."""
    ingress: Ingress
    """The entry."""
    access: Access = Access()
    """Pods' permissions."""
    checkpoints: Checkpoints = Checkpoints()
    """The checkpoint bucket."""
    images: Images = Images()
    """Container images."""
    models: Models
    """The models by key; a key is a DNS label."""
    chart: Chart = Chart()
    """The serving chart."""
    tags: Tags = Field(default={})
    """Tags of every AWS resource, at most 40: AWS takes 50, and controllers add some. Keys have up to 128
    characters and do not begin with `aws:`, values up to 256."""
    has_api_key: bool = Field(alias="vllmApiKey", default=False)
    """Whether an API key is given; the key itself never is part of the settings."""
    has_s3_access_key_id: bool = Field(alias="s3AccessKeyId", default=False)
    """Whether the id of a static S3 access key is given."""
    has_s3_secret_access_key: bool = Field(alias="s3SecretAccessKey", default=False)
    """Whether the secret of a static S3 access key is given."""

    @property
    def partition(self) -> str:
        """AWS partition of the region, as in ARNs."""
        return partition_of(self.region)

    @property
    def registry_host(self) -> str:
        """Registry that model pods pull from: the one set, or the account's own ECR in the region."""
        return self.images.registry or registry_host(self.account_id, self.region)

    @property
    def bucket_name(self) -> str:
        """Name of the checkpoint bucket."""
        return self.checkpoints.bucket_name or (
            f"{self.cluster.name}-checkpoints-{self.account_id}-{self.region}"
        )

    @property
    def ami_release(self) -> str:
        """AMI release of the GPU nodes: the one set, or the pinned one."""
        return self.gpu_nodes.ami_release or AMI_RELEASES[self.cluster.kubernetes_version][self.gpu_nodes.ami]

    @property
    def hostnames(self) -> tuple[str, ...]:
        """Hostnames of the models, in their order."""
        return tuple(model.hostname for model in self.models.values())

    def checkpoint_prefix(self, key: str) -> str:
        """Where the checkpoint of model ``key`` lies in the bucket; no slash at its ends."""
        return self.models[key].checkpoint_prefix or f"{self.checkpoints.prefix}/{key}"

    def checkpoint_uri(self, key: str) -> str:
        """The same as an ``s3://`` address."""
        return f"s3://{self.bucket_name}/{self.checkpoint_prefix(key)}"

    def role_name(self, purpose: str) -> str:
        """Name of the role of that purpose, such as ``inference-pod``; IAM has one set of names per account,
        so the cluster and the region are in it."""
        return f"{self.cluster.name}-{self.region}-{purpose}"
