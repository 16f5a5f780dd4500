"""EKS clusters, add-ons, access entries and pod identities."""

import base64
import ipaddress
import json
import re
import secrets
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.addon_objects import KNOWN_ADDONS, addon_objects
from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.managed_policies import CLUSTER_ACCESS_POLICIES
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.iam import ROLE
from localcloud.aws.rules.kms import target_key
from localcloud.aws.rules.logs import LOG_GROUP
from localcloud.aws.rules.network import SECURITY_GROUP, SUBNET, VPC, vpc_blocks
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import UNKNOWN, Change, CheckFailure, Properties, ProviderError

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
POLICY_ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

# In standard or extended support on 2026-11-21.
VERSIONS = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")

CLUSTER_REFERENCE = Reference(
    "clusterName", (CLUSTER,), "ResourceNotFoundException", "No cluster found for name: {}."
)
_ADDON_SECONDS = 120.0
_CREATED = "2026-01-01T00:00:00Z"


def minor(version: str) -> int:
    """The minor number of a Kubernetes version."""
    return int(version.split(".")[1])


def check_role(call: Call, arn: str, service: str, message: str) -> None:
    """Raise EKS's refusal of a role that is not there or does not trust a service."""
    found = call.store.find(ROLE, arn=arn)
    if found and found[0].origin == "account":
        return
    document = found[0].state.get("assumeRolePolicy") if found else None
    if document is None or service not in principals(check_document(document, "trust"), "Service"):
        raise AwsError("InvalidParameterException", message)


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

    def replaces(self, change: Change, old: Properties, new: Properties) -> bool:
        """Encryption can be added but not removed; a version cannot go down."""
        if change.path.startswith("encryptionConfig") and not new.get("encryptionConfig"):
            return True
        if change.path == "version" and UNKNOWN not in (old.get("version"), new.get("version")):
            before, after = text(old.get("version")), text(new.get("version"))
            return bool(before and after) and minor(after) < minor(before)
        return change.replace

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
        self._check_network(call, inputs)
        self._check_auto_mode(inputs)
        key = text(at(inputs, "encryptionConfig", "provider").get("keyArn"))
        if key and target_key(call, key) is None:
            raise AwsError(
                "InvalidParameterException", f"The keyArn in encryptionConfig provider is invalid: {key}"
            )
        if record is None:
            self._check_first(call)
            call.cluster.check()
            return
        current = text(record.state.get("version"))
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

    def _check_first(self, call: Call) -> None:
        others = call.store.all(CLUSTER)
        if others:
            raise ProviderError(
                "the local cloud runs one Kubernetes control plane, and it already serves the cluster "
                f"{others[0].id}: delete that cluster first, or use a local cloud of its own (`--root`)"
            )

    def _check_network(self, call: Call, inputs: Properties) -> None:
        config = at(inputs, "vpcConfig")
        subnets = [call.store.get(SUBNET, id_) for id_ in values_at(config, "subnetIds")]
        found = [one for one in subnets if one]
        if len({one.state.get("availabilityZone") for one in found}) < 2:
            raise AwsError(
                "InvalidParameterException", "Subnets specified must be in at least two different AZs"
            )
        if len({one.state.get("vpcId") for one in found}) > 1:
            raise AwsError("InvalidParameterException", "Subnets specified must be in the same VPC")
        vpc = text(found[0].state.get("vpcId"))
        for id_ in values_at(config, "securityGroupIds"):
            group = call.store.get(SECURITY_GROUP, id_)
            if group and group.state.get("vpcId") != vpc:
                raise AwsError(
                    "InvalidParameterException",
                    f"Security group(s) {id_} are not in the same VPC as the subnets",
                )
        service = at(inputs, "kubernetesNetworkConfig").get("serviceIpv4Cidr")
        owner = call.store.get(VPC, vpc)
        if service and owner:
            block = ipaddress.IPv4Network(service)
            if any(block.overlaps(ipaddress.IPv4Network(one)) for one in vpc_blocks(call, owner)):
                raise AwsError(
                    "InvalidParameterException",
                    "The specified KubernetesNetworkConfig serviceIpv4Cidr conflicts with a CIDR block of the VPC",
                )
        if config.get("endpointPublicAccess") is False and not config.get("endpointPrivateAccess"):
            raise AwsError(
                "InvalidParameterException",
                "Private and public endpoint access cannot be false",
            )

    def _check_auto_mode(self, inputs: Properties) -> None:
        switches = {
            bool(at(inputs, "computeConfig").get("enabled")),
            bool(at(inputs, "kubernetesNetworkConfig", "elasticLoadBalancing").get("enabled")),
            bool(at(inputs, "storageConfig", "blockStorage").get("enabled")),
        }
        if len(switches) > 1:
            raise AwsError(
                "InvalidParameterException",
                "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
                "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
            )
        if True in switches and inputs.get("bootstrapSelfManagedAddons") is not False:
            raise AwsError(
                "InvalidParameterException",
                "When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.",
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
        if record.state.get("bootstrapSelfManagedAddons") is not False:
            # What EKS installs on its own, until an add-on takes it over.
            for addon in ("vpc-cni", "kube-proxy", "coredns"):
                version = f"v{record.state['version']}.0-eksbuild.1"
                call.cluster.apply(addon_objects(addon, version, call.region, ""))
        return {}

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


@rule(ADDON)
class AddonRule(Rule):
    """An EKS add-on with its workloads."""

    references = (CLUSTER_REFERENCE,)
    defaults: ClassVar[Properties] = {"resolveConflictsOnCreate": "NONE", "preserve": False}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The form of the version and of the configuration."""
        del account
        failures: list[CheckFailure] = []
        version = text(inputs.get("addonVersion"))
        if version and version != UNKNOWN and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version):
            failures.append(
                CheckFailure("addonVersion", f"{version!r} is no add-on version like v1.12.0-eksbuild.1")
            )
        if inputs.get("resolveConflictsOnCreate") == "PRESERVE":
            failures.append(CheckFailure("resolveConflictsOnCreate", "expected one of 'NONE', 'OVERWRITE'"))
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster and add-on."""
        return f"{inputs['clusterName']}:{inputs['addonName']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A known add-on at a version for this Kubernetes, once per cluster, with valid configuration."""
        addon, version = inputs["addonName"], text(inputs.get("addonVersion"))
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        assert cluster is not None
        if addon not in KNOWN_ADDONS:
            raise AwsError("InvalidParameterException", f"Addon {addon} specified is not supported")
        kubernetes = text(cluster.state.get("version"))
        fits = addon != "kube-proxy" or not version or version.startswith(f"v{kubernetes}.")
        if not fits:
            raise AwsError(
                "InvalidParameterException",
                f"Addon version specified is not supported: {addon} {version} is not for Kubernetes {kubernetes}",
            )
        if record is None and call.store.get(ADDON, self.identity(call, inputs)):
            raise AwsError("ResourceInUseException", "Addon already exists.")
        values = text(inputs.get("configurationValues"))
        try:
            valid = not values or isinstance(json.loads(values), dict)
        except ValueError:
            valid = False
        if not valid:
            raise AwsError(
                "InvalidParameterException",
                "ConfigurationValue provided in request is not supported: Json schema validation failed",
            )
        role = text(inputs.get("serviceAccountRoleArn"))
        if role and not call.store.find(ROLE, arn=role):
            raise AwsError("InvalidParameterException", f"The role {role} cannot be found.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The version that EKS chooses, and when it did."""
        version = inputs.get("addonVersion") or "v1.0.0-eksbuild.1"
        return {"addonVersion": version, "createdAt": _CREATED, "modifiedAt": _CREATED}

    def _run(self, call: Call, record: Record) -> None:
        state = record.state
        objects = addon_objects(
            state["addonName"], state["addonVersion"], call.region, text(state.get("configurationValues"))
        )
        call.cluster.apply(objects)
        problem = call.cluster.wait_available(objects, min(call.remaining, _ADDON_SECONDS))
        if problem:
            raise ProviderError(
                f"unexpected state 'DEGRADED', wanted target 'ACTIVE'. last error: {record.id}: "
                f"InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn't have the desired "
                f"number of replicas: {problem}"
            )

    def created(self, call: Call, record: Record) -> Properties:
        """Wait until the workloads are available."""
        self._run(call, record)
        return {}

    def updated(self, call: Call, old: Record, record: Record) -> Properties:
        """Roll the workloads."""
        self._run(call, record)
        return {}

    def deleted(self, call: Call, record: Record) -> None:
        """Remove the workloads, unless they are to be preserved."""
        if not record.state.get("preserve"):
            call.cluster.remove(
                addon_objects(record.state["addonName"], "v0", call.region, ""), call.remaining
            )


@rule(ACCESS_ENTRY)
class AccessEntryRule(Rule):
    """Who gets into a cluster."""

    references = (CLUSTER_REFERENCE,)
    defaults: ClassVar[Properties] = {"type": "STANDARD"}

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster and principal."""
        return f"{inputs['clusterName']}:{inputs['principalArn']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The cluster takes entries, the principal exists and has none yet."""
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        principal = inputs["principalArn"]
        if cluster and "API" not in cluster.state["accessConfig"]["authenticationMode"]:
            raise AwsError(
                "InvalidRequestException",
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform "
                "this operation.",
            )
        if record is None and call.store.get(ACCESS_ENTRY, self.identity(call, inputs)):
            raise AwsError(
                "ResourceInUseException",
                "The specified access entry resource is already in use on this cluster.",
            )
        kind = inputs.get("type", "STANDARD")
        groups: list[Any] = inputs.get("kubernetesGroups") or []
        if any(str(group).startswith("system:") for group in groups):
            raise AwsError(
                "InvalidParameterException",
                "The kubernetes group name is invalid, it cannot start with system:",
            )
        if kind != "STANDARD" and groups:
            raise AwsError(
                "InvalidParameterException", f"An access entry of type {kind} takes no kubernetes groups."
            )
        if not re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:(role|user)/.+", principal):
            raise AwsError(
                "InvalidParameterException", "The specified principalArn is invalid: invalid format."
            )
        own = call.arn("iam", "role/", regional=False)
        if principal.startswith(own) and not call.store.find(ROLE, arn=principal):
            raise AwsError(
                "InvalidParameterException", "The specified principalArn is invalid: invalid principal."
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The entry's ARN and user name."""
        principal = inputs["principalArn"]
        kind, _, name = principal.rsplit(":", 1)[-1].partition("/")
        account = call.account.account_id
        entry = f"access-entry/{inputs['clusterName']}/{kind}/{account}/{name.rsplit('/', 1)[-1]}/{names.new_uuid()}"
        return {
            "accessEntryArn": call.arn("eks", entry),
            "createdAt": _CREATED,
            "modifiedAt": _CREATED,
            "userName": inputs.get("userName") or principal,
            "kubernetesGroups": inputs.get("kubernetesGroups") or [],
        }


@rule(POLICY_ASSOCIATION)
class PolicyAssociationRule(Rule):
    """What someone may do in a cluster."""

    references = (CLUSTER_REFERENCE,)

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster, principal and policy."""
        return f"{inputs['clusterName']}#{inputs['principalArn']}#{inputs['policyArn']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The entry and the policy exist."""
        policy = inputs["policyArn"]
        prefix = f"arn:{call.account.partition}:eks::aws:cluster-access-policy/"
        if not policy.startswith(prefix) or policy.removeprefix(prefix) not in CLUSTER_ACCESS_POLICIES:
            raise AwsError(
                "InvalidParameterException", f"The policyArn parameter format is not valid: {policy}"
            )
        if not call.store.get(ACCESS_ENTRY, f"{inputs['clusterName']}:{inputs['principalArn']}"):
            raise AwsError(
                "ResourceNotFoundException",
                "The specified principalArn could not be found. You can view your available access entries with "
                "'list-access-entries'.",
            )
        scope: Properties = inputs.get("accessScope") or {}
        if scope.get("type") not in ("cluster", "namespace") or (
            (scope.get("type") == "namespace") != bool(scope.get("namespaces"))
        ):
            raise AwsError(
                "InvalidParameterException",
                "The access scope is either of type cluster, or of type namespace with namespaces.",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """When."""
        return {"associatedAt": _CREATED, "modifiedAt": _CREATED}


@rule(POD_IDENTITY)
class PodIdentityRule(Rule):
    """A role for a service account, by EKS Pod Identity."""

    references = (CLUSTER_REFERENCE,)
    unique = ("clusterName", "namespace", "serviceAccount")
    taken = ("ResourceInUseException", "Association already exists: {2} in {1} of {0}")

    def identity(self, call: Call, inputs: Properties) -> str:
        """The association's id."""
        return "a-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(17))

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The role trusts EKS's pods."""
        role = text(inputs.get("roleArn"))
        check_role(
            call,
            role,
            "pods.eks.amazonaws.com",
            f"Trust policy of role {role} is invalid or the role does not exist: it must trust "
            "pods.eks.amazonaws.com",
        )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The association's id and ARN."""
        arn = call.arn("eks", f"podidentityassociation/{inputs['clusterName']}/{id_}")
        return {"associationId": id_, "associationArn": arn, "externalId": secrets.token_hex(16)}
