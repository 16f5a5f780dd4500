"""EKS clusters, add-ons, access entries and pod identities."""

import base64
import re
import secrets
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.addon_objects import KNOWN_ADDONS, addon_objects
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.eks_cluster_checks import (
    ACCESS_ENTRY,
    ADDON,
    CLUSTER,
    NODE_GROUP,
    POD_IDENTITY,
    POLICY_ASSOCIATION,
    VERSIONS,
    check_access_mode,
    check_auto_mode,
    check_key,
    check_network,
    check_role,
    check_single,
    minor,
)
from localcloud.aws.rules.interfaces import (
    Attachment,
    Interface,
    drop_serving,
    keep_one_per_subnet,
    subnet_records,
)
from localcloud.aws.rules.logs import LOG_GROUP
from localcloud.aws.rules.network import SECURITY_GROUP, SUBNET
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties, ProviderError

_CREATED = "2026-01-01T00:00:00Z"


@rule(CLUSTER)
class ClusterRule(Rule):
    """An EKS cluster: its endpoint is the local cloud's real API server."""

    id_property = "name"
    unique = ("name",)
    taken = ("ResourceInUseException", "Cluster already exists with name: {}")
    defaults: ClassVar[Properties] = {"bootstrapSelfManagedAddons": True}
    references = (
        Reference(
            "vpcConfig.subnetIds",
            (SUBNET,),
            "InvalidParameterException",
            "The subnet ID '{}' does not exist",
        ),
        Reference(
            "vpcConfig.securityGroupIds",
            (SECURITY_GROUP,),
            "InvalidParameterException",
            "The security group '{}' does not exist",
        ),
    )
    held_by = (
        Holder(NODE_GROUP, "clusterName", "ResourceInUseException", "Cluster has nodegroups attached"),
        Holder(
            "aws:eks/fargateProfile:FargateProfile",
            "clusterName",
            "ResourceInUseException",
            "Cluster has fargate profiles attached",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The form of cluster names."""
        del account
        name = text(inputs.get("name"))
        if name and name != UNKNOWN and not re.fullmatch(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", name):
            return [
                CheckFailure("name", f"invalid cluster name {name!r}: letters, digits, - and _, 100 at most")
            ]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Version, role, subnets, key, Auto Mode switches; one control plane per local cloud."""
        version = text(inputs.get("version")) or VERSIONS[-2]
        if version not in VERSIONS:
            raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {version}")
        role = text(inputs.get("roleArn"))
        check_role(
            call,
            role,
            "eks.amazonaws.com",
            f"Role with arn: {role}, could not be assumed because it does not exist or the trusted entity is not "
            "correct",
        )
        check_network(call, inputs)
        check_auto_mode(inputs)
        key = text(at(inputs, "encryptionConfig", "provider").get("keyArn"))
        if key:
            check_key(call, key)
        if record is None:
            check_single(call)
            call.cluster.check()
            return
        current = text(record.state.get("version"))
        check_access_mode(
            text(at(record.state, "accessConfig").get("authenticationMode")),
            text(at(inputs, "accessConfig").get("authenticationMode")),
        )
        if minor(version) > minor(current) + 1:
            raise AwsError(
                "InvalidParameterException",
                f"Unsupported Kubernetes minor version update from {current} to {version}",
            )
        for group in call.store.find(NODE_GROUP, clusterName=record.id):
            if minor(version) - minor(text(group.state.get("version")) or current) > 3:
                raise AwsError(
                    "InvalidRequestException",
                    f"Nodegroup {group.state['nodeGroupName']} must be updated before the cluster is",
                )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Endpoint, authority, issuer and the security group that EKS makes."""
        config: Properties = dict(inputs["vpcConfig"])
        subnet = call.store.get(SUBNET, config["subnetIds"][0])
        vpc = text(subnet.state.get("vpcId")) if subnet else ""
        issuer = secrets.token_hex(16).upper()
        endpoint, authority = _control_plane(call)
        network = dict(inputs.get("kubernetesNetworkConfig") or {})
        network.setdefault("ipFamily", "ipv4")
        network.setdefault("serviceIpv4Cidr", "172.20.0.0/16")
        return {
            "status": "ACTIVE",
            "createdAt": _CREATED,
            "platformVersion": "eks.12",
            "version": inputs.get("version") or VERSIONS[-2],
            "endpoint": endpoint,
            "certificateAuthority": {"data": authority},
            "certificateAuthorities": [{"data": authority}],
            "identities": [
                {"oidcs": [{"issuer": f"https://oidc.eks.{call.region}.amazonaws.com/id/{issuer}"}]}
            ],
            "accessConfig": {
                "authenticationMode": "CONFIG_MAP",
                "bootstrapClusterCreatorAdminPermissions": True,
                **(inputs.get("accessConfig") or {}),
            },
            "kubernetesNetworkConfig": network,
            "upgradePolicy": {"supportType": "EXTENDED", **(inputs.get("upgradePolicy") or {})},
            "vpcConfig": self._vpc_config(config, names.ec2_id("sg"), vpc),
        }

    def _vpc_config(self, config: Properties, group: str, vpc: str) -> Properties:
        return {
            "endpointPublicAccess": True,
            "endpointPrivateAccess": False,
            "publicAccessCidrs": ["0.0.0.0/0"],
            **config,
            "clusterSecurityGroupId": group,
            "vpcId": vpc,
        }

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """The group and the endpoint stay."""
        old: Properties = record.state["vpcConfig"]
        more: Properties = {
            "vpcConfig": self._vpc_config(new["vpcConfig"], old["clusterSecurityGroupId"], old["vpcId"]),
        }
        for key in ("accessConfig", "kubernetesNetworkConfig", "upgradePolicy"):
            more[key] = {**(record.state.get(key) or {}), **(new.get(key) or {})}
        return more

    def planned(self, inputs: Properties) -> Properties:
        """What EKS adds to the network configuration is not known yet."""
        state = super().planned(inputs)
        if isinstance(inputs.get("vpcConfig"), dict):
            state["vpcConfig"] = self._vpc_config(inputs["vpcConfig"], UNKNOWN, UNKNOWN)
        return state

    def replanned(self, record: Record, new: Properties) -> Properties:
        """A preview knows what stays."""
        state = super().replanned(record, new)
        old: Properties = record.state.get("vpcConfig") or {}
        if isinstance(new.get("vpcConfig"), dict):
            state["vpcConfig"] = self._vpc_config(
                new["vpcConfig"], text(old.get("clusterSecurityGroupId")), text(old.get("vpcId"))
            )
        return state

    def created(self, call: Call, record: Record) -> Properties:
        """EKS makes a security group, a log group when it is told to log, and the creator's access entry."""
        config: Properties = record.state["vpcConfig"]
        group = config["clusterSecurityGroupId"]
        made = [
            Record(
                SECURITY_GROUP,
                group,
                "",
                {},
                {
                    "name": f"eks-cluster-sg-{record.id}-{secrets.randbelow(10**9)}",
                    "description": "EKS created security group applied to ENI that is attached to EKS Control "
                    "Plane master nodes, as well as any managed workloads.",
                    "vpcId": config["vpcId"],
                    "arn": call.arn("ec2", f"security-group/{group}"),
                    "tags": {
                        f"kubernetes.io/cluster/{record.id}": "owned",
                        "aws:eks:cluster-name": record.id,
                    },
                },
                origin="eks",
            )
        ]
        log_group = f"/aws/eks/{record.id}/cluster"
        if record.state.get("enabledClusterLogTypes") and not call.store.get(LOG_GROUP, log_group):
            state: Properties = {"name": log_group, "arn": call.arn("logs", f"log-group:{log_group}")}
            made.append(Record(LOG_GROUP, log_group, "", {}, state, origin="eks"))
        if record.state["accessConfig"].get("bootstrapClusterCreatorAdminPermissions"):
            principal = call.account.caller_arn
            entry = {"clusterName": record.id, "principalArn": principal, "type": "STANDARD"}
            made.append(Record(ACCESS_ENTRY, f"{record.id}:{principal}", "", {}, entry, origin="eks"))
        with call.store.transaction():
            for one in made:
                call.store.put(one)
        self._keep_interfaces(call, record)
        if record.state.get("bootstrapSelfManagedAddons") is not False:
            # What EKS installs on its own, until an add-on takes it over.
            for addon in ("vpc-cni", "kube-proxy", "coredns"):
                version = f"v{record.state['version']}.0-eksbuild.1"
                call.cluster.apply(addon_objects(addon, version, call.region, ""))
        return {}

    def updated(self, call: Call, record: Record) -> Properties:
        """The control plane's interfaces follow subnets and security groups."""
        self._keep_interfaces(call, record)
        return {}

    def _keep_interfaces(self, call: Call, record: Record) -> None:
        """Interfaces through which the control plane reaches nodes, in two zones of the cluster's subnets."""
        config: Properties = record.state["vpcConfig"]
        by_zone: dict[str, Record] = {}
        for subnet in subnet_records(call, config["subnetIds"]):
            by_zone.setdefault(text(subnet.state.get("availabilityZone")), subnet)
        groups = [config["clusterSecurityGroupId"], *values_at(config, "securityGroupIds")]
        wanted = [
            Interface(
                subnet,
                f"Amazon EKS {record.id}",
                Attachment(owner="amazon-eks", device_index=1),
                groups,
                serves=text(record.state.get("arn")),
                origin="eks",
            )
            for subnet in list(by_zone.values())[:2]
        ]
        if wanted:
            keep_one_per_subnet(call, wanted)

    def release(self, call: Call, record: Record) -> None:
        """Deletion protection."""
        if record.state.get("deletionProtection"):
            raise AwsError(
                "InvalidRequestException",
                f"Cluster deletion protection is enabled on {record.id}. Please disable it before you delete it.",
            )

    def deleted(self, call: Call, record: Record) -> None:
        """What EKS made goes with the cluster; its add-ons' workloads too."""
        for addon in KNOWN_ADDONS:
            call.cluster.remove(addon_objects(addon, "v0", call.region, ""), call.remaining)
        drop_serving(call, text(record.state.get("arn")))
        with call.store.transaction():
            call.store.delete(SECURITY_GROUP, record.state["vpcConfig"]["clusterSecurityGroupId"])
            for type_ in (ADDON, ACCESS_ENTRY, POLICY_ASSOCIATION, POD_IDENTITY):
                for one in call.store.find(type_, clusterName=record.id):
                    if one.origin == "eks":
                        call.store.delete(type_, one.id)


def _control_plane(call: Call) -> tuple[str, str]:
    """Endpoint and base64 authority of the local cloud's API server."""
    home = call.home
    if not home.endpoint_file.exists() or not home.ca_certificate.exists():
        raise ProviderError(
            "the local cloud's Kubernetes control plane has not been started: start it with `make up`"
        )
    authority = base64.b64encode(home.ca_certificate.read_bytes()).decode()
    return home.endpoint_file.read_text().strip(), authority
