"""Runs a Pulumi program in process and records every registration exactly as the engine would get it.

The recorder is a `MockMonitor` that keeps whole requests, so tests can assert parents, providers, aliases,
dependencies, protection and wrapped secrets as well as inputs. Names in inputs are camelCase wire names.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks, settings

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's marker of a value that is not known before the update runs."""

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SENTINEL = "1b47061264138c4ac30d75fd1eb44270"
REFERENCE_SENTINEL = "5cf8f73096256a8f31e491e813e4eb8e"

ACCOUNT = "111122223333"
REGION = "us-east-2"


@dataclasses.dataclass(frozen=True)
class Registration:
    """One recorded resource registration."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    """Inputs by wire name; secrets are unwrapped here and listed in `secret_paths`."""
    secret_paths: frozenset[str]
    provider: str
    """Reference ``urn::id`` of the explicit provider, empty for the default one."""
    request: Any
    """The whole `RegisterResourceRequest`."""

    @property
    def depends_on(self) -> set[str]:
        """URNs this registration waits for."""
        return set(self.request.dependencies)


class Recording:
    """What a program registered, invoked and exported."""

    def __init__(self) -> None:
        self.registrations: list[Registration] = []
        self.invokes: list[tuple[str, str, dict[str, Any]]] = []
        """(token, provider reference, arguments) of every invoke."""
        self.outputs: dict[str, dict[str, Any]] = {}
        """Registered component outputs by component name."""

    def of_type(self, type_: str) -> list[Registration]:
        """Registrations of one type token, in order of arrival."""
        return [registration for registration in self.registrations if registration.type == type_]

    def one(self, type_: str, name: str | None = None) -> Registration:
        """The single registration of a type (and name); fails when there is none or more than one."""
        found = [r for r in self.of_type(type_) if name is None or r.name == name]
        assert len(found) == 1, (
            f"{len(found)} of {type_} {name or ''}: {[r.name for r in self.of_type(type_)]}"
        )
        return found[0]

    def named(self, name: str) -> Registration:
        """The single registration of that Pulumi name."""
        found = [r for r in self.registrations if r.name == name]
        assert len(found) == 1, f"{len(found)} named {name}: {sorted(r.name for r in self.registrations)}"
        return found[0]

    def children(self, parent_name: str) -> list[tuple[str, str]]:
        """Sorted (type, name) of the direct children of the named component."""
        urn = self.named(parent_name).urn
        return sorted((r.type, r.name) for r in self.registrations if r.parent == urn)

    def types(self) -> list[str]:
        """Sorted type tokens of every registration."""
        return sorted(r.type for r in self.registrations)

    def plaintext(self) -> Iterator[str]:
        """Every string that crossed the wire outside a secret wrapper."""
        for registration in self.registrations:
            yield from _open_strings(json_format.MessageToDict(registration.request.object))
        for _, _, args in self.invokes:
            yield from _open_strings(args)


def _open_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        if mapping.get(SECRET_SIGNATURE) == SECRET_SENTINEL:
            return
        for key, item in mapping.items():
            yield key
            yield from _open_strings(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _open_strings(item)


def _without_references(request: Any) -> Any:
    """The request with the URNs of the resources that its inputs refer to.

    The SDK's monitor would look each one up from a thread of its own, which has no event loop of the program's.
    """
    copy = type(request)()
    copy.CopyFrom(request)
    copy.object.Clear()
    copy.object.update(_urns(json_format.MessageToDict(request.object)))
    return copy


def _urns(value: Any) -> Any:
    if isinstance(value, dict):
        mapping = cast("dict[str, Any]", value)
        if mapping.get(SECRET_SIGNATURE) == REFERENCE_SENTINEL:
            return mapping["urn"]
        return {key: _urns(item) for key, item in mapping.items()}
    if isinstance(value, list):
        return [_urns(item) for item in cast("list[Any]", value)]
    return value


def _unwrap(value: Any, path: str, secrets: set[str]) -> Any:
    if isinstance(value, dict):
        mapping = cast("dict[str, Any]", value)
        if mapping.get(SECRET_SIGNATURE) == SECRET_SENTINEL:
            secrets.add(path)
            return _unwrap(mapping["value"], path, secrets)
        return {k: _unwrap(v, f"{path}.{k}" if path else k, secrets) for k, v in mapping.items()}
    if isinstance(value, list):
        return [_unwrap(v, f"{path}[{i}]", secrets) for i, v in enumerate(cast("list[Any]", value))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


State = Callable[[str, str, dict[str, Any]], dict[str, Any]]


class _Mocks(mocks.Mocks):
    def __init__(self, state: State | None, invokes: Mapping[str, dict[str, Any]], preview: bool) -> None:
        self._state = state
        self._invokes = invokes
        self._preview = preview

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        inputs = cast("dict[str, Any]", args.inputs)
        if self._preview:
            return "", inputs
        return f"{args.name}-id", {**inputs, **self._extra(args.typ, args.name, inputs)}

    def _extra(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        outputs = dict(default_state(type_, name, inputs))
        if self._state:
            outputs.update(self._state(type_, name, inputs))
        return outputs

    def call(self, args: mocks.MockCallArgs) -> Any:
        return self._invokes.get(args.token, {})


def default_state(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Computed outputs that a provider would add, by type: ids, ARNs and nested objects in AWS's shape."""
    service = type_.split(":")[1].split("/", maxsplit=1)[0] if ":" in type_ else ""
    arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
    match type_:
        case (
            "aws:iam/role:Role"
            | "aws:iam/policy:Policy"
            | "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
        ):
            kind = {"role": "role", "policy": "policy"}.get(
                type_.split("/")[1].split(":", maxsplit=1)[0], "oidc-provider"
            )
            physical = inputs.get("name", name)
            return {"arn": f"arn:aws:iam::{ACCOUNT}:{kind}/{physical}", "name": physical}
        case "aws:eks/cluster:Cluster":
            return {
                "arn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{inputs.get('name', name)}",
                "name": inputs.get("name", name),
                "endpoint": "https://0123456789ABCDEF.gr7.us-east-2.eks.amazonaws.com",
                "certificateAuthority": {"data": "Q0E="},
                "certificateAuthorities": [{"data": "Q0E="}],
                "identities": [
                    {"oidcs": [{"issuer": f"https://oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"}]}
                ],
                "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": "sg-cluster"},
            }
        case "aws:s3/bucket:Bucket":
            bucket = inputs.get("bucket", name)
            return {"bucket": bucket, "arn": f"arn:aws:s3:::{bucket}"}
        case "aws:ec2/launchTemplate:LaunchTemplate":
            return {"arn": arn, "latestVersion": 1, "name": inputs.get("name", name)}
        case "aws:ecr/repository:Repository":
            return {
                "arn": arn,
                "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{inputs.get('name', name)}",
            }
        case "aws:acm/certificate:Certificate":
            hosts = [inputs.get("domainName"), *inputs.get("subjectAlternativeNames", [])]
            options = [
                {
                    "domainName": host,
                    "resourceRecordName": f"_validate.{host}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_value.acm-validations.aws.",
                }
                for host in hosts
            ]
            return {"arn": arn, "domainValidationOptions": options}
        case "aws:route53/record:Record":
            return {"fqdn": inputs.get("name")}
        case _ if type_.startswith("aws:"):
            return {"arn": arn}
        case _:
            return {}


class RecordingMonitor(mocks.MockMonitor):
    """Keeps each request whole and refuses a second registration of one URN."""

    def __init__(self, answers: _Mocks, preview: bool, recording: Recording) -> None:
        super().__init__(answers)
        self._preview = preview
        self._recording = recording
        self._seen: set[str] = set()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 -- the gRPC method's name
        if request.type == "eks:index:Cluster":
            response = self._register_eks_cluster(request)
        else:
            response = super().RegisterResource(_without_references(request))
        if request.type == "pulumi:pulumi:Stack":
            return response
        assert response.urn not in self._seen, f"registered twice: {response.urn}"
        self._seen.add(response.urn)
        secrets: set[str] = set()
        inputs = _unwrap(json_format.MessageToDict(request.object), "", secrets)
        self._recording.registrations.append(
            Registration(
                request.type,
                request.name,
                response.urn,
                request.parent,
                inputs,
                frozenset(secrets),
                request.provider,
                request,
            )
        )
        return response

    def _register_eks_cluster(self, request: Any) -> Any:
        """Answer for the remote component: its cluster and node security group as resource references."""
        response = super().RegisterResource(request)
        inputs = _unwrap(json_format.MessageToDict(request.object), "", set())
        name = inputs.get("name", request.name)
        cluster_inputs = {"name": name, "version": inputs.get("version"), "vpcConfig": {"subnetIds": []}}
        cluster = self._child("aws:eks/cluster:Cluster", f"{request.name}-eksCluster", cluster_inputs)
        outputs: dict[str, Any] = {"eksCluster": cluster}
        if not self._preview:
            outputs |= {
                "nodeSecurityGroupId": "sg-node",
                "clusterSecurityGroupId": "sg-control-plane",
                "oidcIssuer": f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF",
            }
        for key, value in outputs.items():
            response.object[key] = value
        return response

    def _child(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        urn = f"urn:pulumi:stack::project::{type_}::{name}"
        state = inputs if self._preview else {**inputs, **default_state(type_, name, inputs)}
        id_ = "" if self._preview else inputs["name"]
        self.resources[urn] = mocks.MockMonitor.ResourceRegistration(urn, id_, state)
        return {SECRET_SIGNATURE: REFERENCE_SENTINEL, "urn": urn, "id": id_}

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 -- the gRPC method's name
        name = request.urn.rsplit("::", 1)[-1]
        self._recording.outputs[name] = _unwrap(json_format.MessageToDict(request.outputs), "", set())
        return super().RegisterResourceOutputs(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 -- the gRPC method's name
        args = _unwrap(json_format.MessageToDict(request.args), "", set())
        self._recording.invokes.append((request.tok, request.provider, args))
        return super().Invoke(request)


def record(
    program: Callable[[], object],
    *,
    preview: bool = False,
    state: State | None = None,
    invokes: Mapping[str, dict[str, Any]] | None = None,
    config: Mapping[str, str] | None = None,
    secret_keys: tuple[str, ...] = (),
) -> Recording:
    """Run ``program`` and return everything it registered.

    In preview mode every computed output is unknown, as on a first ``pulumi preview``.
    """
    recording = Recording()
    settings.set_root_resource(cast("Any", None))
    answers = _Mocks(state, invokes or {}, preview)
    monitor = RecordingMonitor(answers, preview, recording)
    mocks.set_mocks(answers, "project", "stack", preview, monitor=monitor)
    pulumi.runtime.set_all_config(dict(config or {}), list(secret_keys))

    @pulumi.runtime.test
    def run() -> None:
        program()

    run()
    return recording
