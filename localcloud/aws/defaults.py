"""Values that the provider takes for inputs that are not given, nested ones included."""

from collections.abc import Mapping
from typing import Any

# Dotted paths; the top-level defaults of types with a rule of their own are the rule's.
_NESTED: dict[str, dict[str, Any]] = {
    "aws:cloudwatch/eventRule:EventRule": {"eventBusName": "default", "state": "ENABLED"},
    "aws:cloudwatch/eventTarget:EventTarget": {"eventBusName": "default", "ecsTarget.taskCount": 1},
    "aws:ec2/flowLog:FlowLog": {"destinationOptions.fileFormat": "plain-text"},
    "aws:ecr/repository:Repository": {"encryptionConfigurations.encryptionType": "AES256"},
    "aws:eks/cluster:Cluster": {"vpcConfig.endpointPublicAccess": True},
    "aws:resourcegroups/group:Group": {"resourceQuery.type": "TAG_FILTERS_1_0"},
    "aws:sqs/queue:Queue": {
        "delaySeconds": 0,
        "maxMessageSize": 262144,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    },
}


def defaults_of(token: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults by dotted path; ``own`` are those of the type's rule."""
    return {**_NESTED.get(token, {}), **own}


def nested_defaults() -> Mapping[str, Mapping[str, Any]]:
    """The table itself, by type."""
    return _NESTED
