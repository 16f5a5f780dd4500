"""Orders between what is in a cluster and what it needs; `orders_table.py` gives the reasons."""

from typing import Any, cast

from localcloud.simulation.orders_kinds import (
    NAMESPACE,
    NODE_GROUP,
    RELEASE,
    Pairs,
    addons,
    every,
    system_nodes,
    value,
)
from localcloud.simulation.orders_state import Resource, Resources


def _chart(release: Resource) -> str:
    return str(release.inputs.get("chart")).rstrip("/").rsplit("/", 1)[-1]


def _serves_models(release: Resource) -> bool:
    values: Any = release.inputs.get("values")
    return isinstance(values, dict) and "models" in values


def _releases(stack: Resources, *, models: bool) -> list[Resource]:
    return [release for release in stack.of(RELEASE) if _serves_models(release) is models]


def nodes_before_charts(stack: Resources) -> Pairs:
    """System nodes before charts, all nodes before the models."""
    yield from every(system_nodes(stack), _releases(stack, models=False))
    yield from every(stack.of(NODE_GROUP), _releases(stack, models=True))


_NEEDS_NO_DNS = {"gpu-operator", "aws-efa-k8s-device-plugin"}


def dns_before_charts(stack: Resources) -> Pairs:
    """CoreDNS before charts whose pods resolve names."""
    charts = [release for release in stack.of(RELEASE) if _chart(release) not in _NEEDS_NO_DNS]
    return every(addons(stack, "coredns"), charts)


def controllers_before_models(stack: Resources) -> Pairs:
    """Controllers, classes and their parameters before the models."""
    controllers = [one for one in _releases(stack, models=False) if _chart(one) != "gpu-operator"]
    classes = stack.of(
        "kubernetes:networking.k8s.io/v1:IngressClass", "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams"
    )
    return every([*controllers, *classes], _releases(stack, models=True))


def crds_before_objects(stack: Resources) -> Pairs:
    """A chart before the objects of its own kinds."""
    groups = {
        "aws-load-balancer-controller": "elbv2.k8s.aws",
        "karpenter": "karpenter",
        "keda": "keda.sh",
    }
    for release in stack.of(RELEASE):
        group = groups.get(_chart(release))
        if group:
            objects = [one for one in stack.values() if one.type.startswith(f"kubernetes:{group}")]
            yield from every([release], objects)


def parameters_before_class(stack: Resources) -> Pairs:
    """An IngressClass's parameters before the class."""
    return every(
        stack.of("kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams"),
        stack.of("kubernetes:networking.k8s.io/v1:IngressClass"),
    )


def gpus_before_models(stack: Resources) -> Pairs:
    """The GPU operator before the models."""
    operators = [one for one in stack.of(RELEASE) if _chart(one) == "gpu-operator"]
    return every(operators, _releases(stack, models=True))


def entries_before_objects(stack: Resources) -> Pairs:
    """Access entries before everything in the cluster."""
    entries = stack.of(
        "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    )
    return every(entries, [one for one in stack.values() if one.type.startswith("kubernetes:")])


def namespace_before_contents(stack: Resources) -> Pairs:
    """A namespace before the objects and releases in it."""
    for namespace in stack.of(NAMESPACE):
        name = _metadata(namespace).get("name")
        for one in stack.values():
            if one.type.startswith("kubernetes:") and name in (
                _metadata(one).get("namespace"),
                one.inputs.get("namespace"),
            ):
                yield namespace.urn, one.urn


def _metadata(resource: Resource) -> dict[str, Any]:
    metadata: Any = resource.inputs.get("metadata")
    return cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}


def secrets_before_pods(stack: Resources) -> Pairs:
    """Secrets before the releases of their namespace."""
    for secret in stack.of("kubernetes:core/v1:Secret"):
        space = _metadata(secret).get("namespace")
        releases = [one for one in stack.of(RELEASE) if one.inputs.get("namespace") == space]
        yield from every([secret], releases)


def permissions_before_pods(stack: Resources) -> Pairs:
    """The service account's role, its policies and associations before the models."""
    trusted = stack.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    roles = {
        value(role, "name"): role
        for role in stack.of("aws:iam/role:Role")
        if ":sub" in str(role.inputs.get("assumeRolePolicy")) or "pods.eks" in str(role.inputs)
    }
    policies = [
        policy
        for policy in stack.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        if value(policy, "role") in roles
    ]
    for release in _releases(stack, models=True):
        values = str(release.inputs.get("values"))
        named = [role for name, role in roles.items() if name and f":role/{name}'" in values]
        used = {value(role, "name") for role in named}
        yield from every(named, [release])
        yield from every([one for one in policies if value(one, "role") in used], [release])
        yield from every(trusted, [release])


def checkpoints_before_models(stack: Resources) -> Pairs:
    """Buckets and repositories before the models."""
    kinds = (
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:ecr/repository:Repository",
    )
    return every(stack.of(*kinds), _releases(stack, models=True))
