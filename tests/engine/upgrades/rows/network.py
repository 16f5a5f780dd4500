"""Changes of the network."""

from tests.engine.upgrades.rows.phrases import NO_STOP
from tests.engine.upgrades.rows.row import Row, put

NETWORK = (
    Row(
        name="zone-added",
        area="Network",
        what="Add an availability zone",
        note=(
            "Add it at the end of the list: the single NAT gateway stands in the first zone. The subnets that are "
            "there keep their addresses. Nodes of a managed node group lie in the subnets it "
            "was made with, so the system nodes are replaced, the new ones first; models are not touched."
        ),
        settings=(put("network.availabilityZones", ["us-east-2a", "us-east-2b", "us-east-2c"]),),
        loses_on_the_way_back=frozenset({"network-public-c", "network-private-c"}),
        quick=True,
    ),
    Row(
        name="nat-per-zone",
        area="Network",
        what="NAT gateway: `single` to `per-zone`",
        note="The routes of the other zones change to their own gateway: connections through the old one break.",
        settings=(put("network.nat", "per-zone"),),
    ),
    Row(
        name="flow-logs-on",
        area="Network",
        what="Switch flow logs on",
        note=NO_STOP,
        settings=(put("network.flowLogs", True),),
    ),
    Row(
        name="vpc-cidr",
        area="Network",
        what="Change the VPC's network (`network.cidr`)",
        note=(
            "**Replaces everything**: the network of a VPC cannot change, and the cluster lies in its subnets. Make "
            "a second stack and move to it instead."
        ),
        settings=(put("network.cidr", "10.1.0.0/16"),),
        loses=frozenset(
            {
                "network-vpc",
                "network-private-a",
                "network-private-b",
                "network-public-a",
                "network-public-b",
            }
        ),
        not_applied="EKS refuses subnets of another VPC for a cluster that exists.",
    ),
)
