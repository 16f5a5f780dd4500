"""Allowed values of string inputs, taken from the AWS API's own models as botocore ships them."""

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from localcloud.aws.types import Field, Type

# Resource type -> (botocore service, API shape, path of the input that the shape describes; "" is the resource).
_API_SHAPES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "aws:acm/certificate:Certificate": (("acm", "RequestCertificateRequest", ""),),
    "aws:cloudwatch/logGroup:LogGroup": (("logs", "CreateLogGroupRequest", ""),),
    "aws:ec2/capacityReservation:CapacityReservation": (("ec2", "CreateCapacityReservationRequest", ""),),
    "aws:ec2/eip:Eip": (("ec2", "AllocateAddressRequest", ""),),
    "aws:ec2/flowLog:FlowLog": (("ec2", "CreateFlowLogsRequest", ""),),
    "aws:ec2/launchTemplate:LaunchTemplate": (("ec2", "RequestLaunchTemplateData", ""),),
    "aws:ec2/natGateway:NatGateway": (("ec2", "CreateNatGatewayRequest", ""),),
    "aws:ec2/placementGroup:PlacementGroup": (("ec2", "CreatePlacementGroupRequest", ""),),
    "aws:ec2/vpc:Vpc": (("ec2", "CreateVpcRequest", ""),),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (("ec2", "CreateVpcEndpointRequest", ""),),
    "aws:ecr/repository:Repository": (("ecr", "CreateRepositoryRequest", ""),),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (("eks", "AssociateAccessPolicyRequest", ""),),
    "aws:eks/addon:Addon": (("eks", "CreateAddonRequest", ""),),
    "aws:eks/cluster:Cluster": (
        ("eks", "CreateClusterRequest", ""),
        ("eks", "LogSetup", ""),
        ("eks", "VpcConfigRequest", "vpcConfig"),
    ),
    "aws:eks/nodeGroup:NodeGroup": (("eks", "CreateNodegroupRequest", ""),),
    "aws:kms/key:Key": (("kms", "CreateKeyRequest", ""),),
    "aws:route53/record:Record": (("route53", "ResourceRecordSet", ""),),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        ("s3", "BucketLifecycleConfiguration", ""),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (("s3", "OwnershipControlsRule", "rule"),),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        ("s3", "ServerSideEncryptionConfiguration", ""),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        ("s3", "VersioningConfiguration", "versioningConfiguration"),
    ),
}

# Inputs whose name is not the API's.
_API_NAMES = {
    "enabledclusterlogtype": "type",
    "resolveconflictsoncreate": "resolveconflict",
    "resolveconflictsonupdate": "resolveconflict",
}

# Values that the provider takes beside the API's.
_MORE_VALUES = {
    ("aws:s3/bucketVersioning:BucketVersioning", "status"): ("Disabled",),
    ("aws:eks/nodeGroup:NodeGroup", "capacityType"): ("CAPACITY_BLOCK",),
}

# The API's list of instance types grows monthly; the account file decides about those.
_OPEN_ENUMS = frozenset({"InstanceType"})


def api_enums(token: str, inputs: Mapping[str, Field]) -> Mapping[str, Field]:
    """The inputs with the allowed values of the API filled in, where the API is in the table."""
    for service, shape, path in _API_SHAPES.get(token, ()):
        model = _shapes(service)
        if not path:
            inputs = _fields(token, inputs, model, shape)
            continue
        field = inputs[path]
        inputs = {
            **inputs,
            path: dataclasses.replace(field, type=_type(token, path, field.type, model, shape)),
        }
    return inputs


def _shapes(service: str) -> dict[str, Any]:
    # Imported by name: botocore has no types, and is needed only when a shape is derived for the first time.
    loader = importlib.import_module("botocore.loaders").Loader()
    model: dict[str, Any] = loader.load_service_model(service, "service-2")
    return model["shapes"]


def _fields(token: str, fields: Mapping[str, Field], model: dict[str, Any], shape: str) -> dict[str, Field]:
    members: dict[str, Any] = model[shape].get("members", {})
    by_name = {_normal(name): member["shape"] for name, member in members.items()}
    result: dict[str, Field] = {}
    for name, field in fields.items():
        normal = _normal(name)
        target = by_name.get(normal) or by_name.get(_API_NAMES.get(normal, ""))
        result[name] = (
            dataclasses.replace(field, type=_type(token, name, field.type, model, target))
            if target
            else field
        )
    return result


def _type(token: str, name: str, type_: Type, model: dict[str, Any], shape: str) -> Type:
    api = model[shape]
    if type_.kind == "list" and type_.item is not None and api["type"] == "list":
        return dataclasses.replace(type_, item=_type(token, name, type_.item, model, api["member"]["shape"]))
    if type_.kind == "object" and api["type"] == "list":  # single blocks are lists in the API
        return _type(token, name, type_, model, api["member"]["shape"])
    if type_.kind == "object" and api["type"] == "structure":
        return dataclasses.replace(type_, fields=_fields(token, type_.fields, model, shape))
    if type_.kind == "string" and "enum" in api and shape not in _OPEN_ENUMS:
        values = dict.fromkeys((*type_.values, *api["enum"], *_MORE_VALUES.get((token, name), ())))
        return dataclasses.replace(type_, values=tuple(values))
    return type_


def _normal(name: str) -> str:
    low = name.lower()
    return low[:-1] if low.endswith("s") and not low.endswith("ss") else low
