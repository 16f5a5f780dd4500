"""ExternalDNS, which keeps a DNS record for each model's hostname in one hosted zone."""

import json
from typing import Any, NotRequired, Optional

import pulumi

from components.arguments import ArgumentErrors
from components.helm_releases import helm_release
from components.hostnames import is_host_name
from components.irsa_role import CONTROLLER_ROLE_KEYS, ControllerRoleArgs, controller_role
from components.outputs import known_after
from components.partitions import partition_of
from components.scheduling import SYSTEM_NODE_SELECTOR
from components.versions import EXTERNAL_DNS
from components.waiting import waiting_children

DNS_POLICIES: tuple[str, ...] = ("sync", "upsert-only")
"""What may become of records: also be deleted, or only be made and changed."""

SERVICE_ACCOUNT = "external-dns"
"""Service account of the controller."""


class ExternalDnsArgs(ControllerRoleArgs):
    """Inputs of ExternalDns."""

    hosted_zone_id: str
    """The Route 53 zone to write to, and the only one it may write to."""
    domain_filters: list[str]
    """Domains to keep records in: the zone's own, or domains below it."""
    cluster_name: str
    """Name of the cluster. It marks the records as this cluster's own; nobody else's are touched."""
    policy: NotRequired[str]
    """``sync`` deletes the record of an Ingress that is gone; ``upsert-only`` leaves it. Default: sync."""
    namespace: NotRequired[str]
    """An existing namespace. Default: kube-system."""
    chart_version: NotRequired[str]
    """Version of the chart. Default: the tested one (components/versions.py)."""
    timeout_seconds: NotRequired[int]
    """How long an install or upgrade may take, in seconds. Default: 600."""


class ExternalDns(pulumi.ComponentResource):
    """The controller that writes the load balancer's address into the zone, under every Ingress's hosts.

    It deletes records a few seconds after their Ingress. Where a whole stack is destroyed, it may be gone
    before that, and leave the records of the last Ingresses behind.
    """

    role_arn: pulumi.Output[str]
    """ARN of the controller's role; known at preview."""
    release_name: pulumi.Output[str]
    """Name of the Helm release; known at preview. Whoever takes it waits until the controller runs."""

    def __init__(
        self, name: str, args: ExternalDnsArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:ExternalDns", name, {}, own)
        _check(args)
        namespace = args.get("namespace") or "kube-system"

        role = controller_role(
            f"{name}-role",
            args,
            namespace=namespace,
            service_account=SERVICE_ACCOUNT,
            policy_json=json.dumps(external_dns_policy(args["hosted_zone_id"], args["region"])),
            parent=self,
        )
        release = helm_release(
            f"{name}-release",
            chart=EXTERNAL_DNS._replace(version=args.get("chart_version") or EXTERNAL_DNS.version),
            release_name=EXTERNAL_DNS.chart,
            namespace=namespace,
            values=external_dns_values(args, role.role_arn),
            timeout_seconds=int(args.get("timeout_seconds", 600)),
            parent=self,
            depends_on=[*needs, role],
        )

        self.role_arn = role.role_arn
        self.release_name = known_after(EXTERNAL_DNS.chart, release)
        self.register_outputs({"roleArn": self.role_arn, "releaseName": self.release_name})


def external_dns_policy(hosted_zone_id: str, region: str) -> dict[str, Any]:
    """What ExternalDNS (0.19) needs to keep records in one zone, and nothing else.

    Listing zones cannot be limited to one (Route 53, Service Authorization Reference). Tags of zones are read
    only with a tag filter, which is not used.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"],
                "Resource": [f"arn:{partition_of(region)}:route53:::hostedzone/{hosted_zone_id}"],
            },
            {"Effect": "Allow", "Action": ["route53:ListHostedZones"], "Resource": ["*"]},
        ],
    }


def external_dns_values(args: ExternalDnsArgs, role_arn: pulumi.Input[str]) -> dict[str, Any]:
    """Values of the chart external-dns (1.19.0)."""
    return {
        "provider": {"name": "aws"},
        "sources": ["ingress"],
        "policy": args.get("policy") or DNS_POLICIES[0],
        "registry": "txt",
        "txtOwnerId": args["cluster_name"],
        "domainFilters": list(args["domain_filters"]),
        # Without the second, a zone whose own name is above every filter is passed over in silence.
        "extraArgs": [f"--zone-id-filter={args['hosted_zone_id']}", "--aws-zone-match-parent"],
        # A record follows its Ingress in seconds instead of a minute.
        "triggerLoopOnEvent": True,
        "serviceAccount": {
            "create": True,
            "name": SERVICE_ACCOUNT,
            "annotations": {"eks.amazonaws.com/role-arn": role_arn},
        },
        # The SDK wants a region, though Route 53 has none, and pods cannot ask the metadata service.
        "env": [{"name": "AWS_DEFAULT_REGION", "value": args["region"]}],
        "nodeSelector": dict(SYSTEM_NODE_SELECTOR),
    }


def _check(args: ExternalDnsArgs) -> None:
    errors = ArgumentErrors("ExternalDns")
    errors.require(
        args,
        *("hosted_zone_id", "domain_filters", "cluster_name"),
        *CONTROLLER_ROLE_KEYS,
    )
    errors.matches(
        "hostedZoneId",
        args.get("hosted_zone_id") or None,
        r"Z[0-9A-Z]{1,31}",
        "a hosted zone id such as Z0123456789ABCDEFGHIJ, without /hostedzone/",
    )
    for index, domain in enumerate(args.get("domain_filters") or []):
        if not is_host_name(domain):
            errors.add(f"domainFilters[{index}]", f"is {domain!r}; expected a domain such as example.com")
    errors.one_of("policy", args.get("policy") or None, DNS_POLICIES)
    errors.matches(
        "namespace", args.get("namespace") or None, r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a DNS label"
    )
    errors.at_least(args, 1, "timeout_seconds")
    errors.raise_if_any()
