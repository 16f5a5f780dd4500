"""What the stand-in controllers decide: devices of nodes, addresses and finalizers of Ingresses."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.aws.store import Record, Store
from localcloud.controllers import Controllers
from localcloud.home import Home
from localcloud.kube import load_balancers
from localcloud.kube.device_plugins import nodes_with_ready_pod, status_patch
from localcloud.kube.load_balancers import Settings, World, reconcile

GPU = "nvidia.com/gpu"
EFA = "vpc.amazonaws.com/efa"
SETTINGS = Settings("plane", "us-east-2", "ip")


def node(**status: Any) -> dict[str, Any]:
    annotations = {"localcloud.inference-plane/gpus": "8", "localcloud.inference-plane/efa": "32"}
    return {"metadata": {"name": "n1", "annotations": annotations}, "status": status}


def pod(ready: str = "True", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", **metadata},
        "spec": {"nodeName": "n1"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def test_devices_appear_with_a_ready_plugin() -> None:
    both = {GPU: "8"}
    assert status_patch(node(), {GPU: {"n1"}}) == {
        "status": {"capacity": both, "allocatable": both},
    }
    assert status_patch(node(capacity=both, allocatable=both), {GPU: {"n1"}}) is None


def test_each_plugin_brings_its_own_device() -> None:
    patch = status_patch(node(), {GPU: {"n1"}, EFA: {"n1"}})
    assert patch == {"status": {"capacity": {GPU: "8", EFA: "32"}, "allocatable": {GPU: "8", EFA: "32"}}}


def test_devices_go_with_the_plugin() -> None:
    both = {GPU: "8", "cpu": "4"}
    assert status_patch(node(capacity=both, allocatable=both), {GPU: {"n2"}}) == {
        "status": {"capacity": {GPU: None}, "allocatable": {GPU: None}}
    }
    assert status_patch(node(capacity={"cpu": "4"}), {}) is None


def test_nodes_that_are_not_ours_are_left_alone() -> None:
    real = {"metadata": {"name": "n1"}, "status": {"capacity": {GPU: "8"}}}
    assert status_patch(real, {}) is None


@pytest.mark.parametrize(
    ("item", "counts"), [(pod(), True), (pod("False"), False), (pod(deletionTimestamp="now"), False)]
)
def test_only_ready_pods_that_stay_advertise(item: dict[str, Any], counts: bool) -> None:
    assert nodes_with_ready_pod([item]) == ({"n1"} if counts else set())


def ingress(name: str = "a", class_name: str = "alb", **options: Any) -> dict[str, Any]:
    annotations = {
        f"alb.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in options.pop("alb", {}).items()
    }
    path = {"backend": {"service": {"name": "s"}}}
    return {
        "metadata": {"name": name, "namespace": "models", "annotations": annotations, **options},
        "spec": {
            "ingressClassName": class_name,
            "rules": [{"host": f"{name}.example.com", "http": {"paths": [path]}}],
        },
    }


def world(params: dict[str, Any] | None = None, **changes: Any) -> World:
    parameters = {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "alb"}
    spec = {"controller": "ingress.k8s.aws/alb", **({"parameters": parameters} if params is not None else {})}
    found: dict[str, Any] = {
        "classes": {
            "alb": {"metadata": {"name": "alb"}, "spec": spec},
            "nginx": {"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}},
        },
        "params": {"alb": {"metadata": {"name": "alb"}, "spec": params}} if params is not None else {},
        "namespace_labels": lambda namespace: {"kubernetes.io/metadata.name": namespace},
        "service_type": lambda namespace, name: "ClusterIP",
        "certificate_names": lambda: ["*.example.com"],
        **changes,
    }
    return World(**found)


def outcome(item: dict[str, Any], where: World | None = None, settings: Settings = SETTINGS) -> Any:
    (found,) = reconcile([item], settings, where or world())
    return found


def test_an_ingress_of_its_own() -> None:
    found = outcome(ingress())
    assert found.finalizers == ("ingress.k8s.aws/resources",)
    assert found.hostname.startswith("internal-k8s-models-a-")
    assert found.hostname.endswith(".us-east-2.elb.amazonaws.com")
    assert found.problem == ""


def test_a_group_shares_one_load_balancer_and_one_finalizer() -> None:
    params = {"group": {"name": "plane.models"}, "scheme": "internet-facing"}
    found = reconcile([ingress("a"), ingress("b")], SETTINGS, world(params))
    assert {o.finalizers for o in found} == {("group.ingress.k8s.aws/plane.models",)}
    (hostname,) = {o.hostname for o in found}
    assert hostname
    name = hostname.partition(".")[0]
    assert name.startswith("k8s-planemodels-")
    assert len(name.rpartition("-")[2]) == 10


def test_the_class_wins_over_annotations() -> None:
    item = ingress(alb={"group.name": "own", "scheme": "internet-facing"})
    assert outcome(item).finalizers == ("group.ingress.k8s.aws/own",)
    found = outcome(item, world({"group": {"name": "plane"}, "scheme": "internal"}))
    assert found.finalizers == ("group.ingress.k8s.aws/plane",)
    assert found.hostname.startswith("internal-")


def test_other_finalizers_stay() -> None:
    assert outcome(ingress(finalizers=["x/y"])).finalizers == ("x/y", "ingress.k8s.aws/resources")


def test_a_deleted_ingress_loses_its_finalizer_whatever_its_class_has_become() -> None:
    item = ingress(class_name="gone", finalizers=["x/y", "group.ingress.k8s.aws/g"], deletionTimestamp="now")
    found = outcome(item)
    assert (found.finalizers, found.hostname) == (("x/y",), None)


def test_an_ingress_that_left_the_class_is_let_go() -> None:
    assert outcome(ingress(class_name="nginx", finalizers=["ingress.k8s.aws/resources"])).finalizers == ()


@pytest.mark.parametrize("class_name", ["nginx", "gone"])
def test_ingresses_of_others_are_left_alone(class_name: str) -> None:
    assert reconcile([ingress(class_name=class_name)], SETTINGS, world()) == []


def test_a_class_that_vanished_does_not_drop_its_members() -> None:
    item = ingress(class_name="gone", finalizers=["ingress.k8s.aws/resources"])
    assert reconcile([item], SETTINGS, world()) == []


def test_a_namespace_that_the_class_does_not_select_gets_nothing() -> None:
    selector = {"namespaceSelector": {"matchLabels": {"team": "models"}}}
    assert reconcile([ingress()], SETTINGS, world(selector)) == []
    allowed = world(selector, namespace_labels=lambda namespace: {"team": "models"})
    assert outcome(ingress(), allowed).hostname


BOTH = json.dumps([{"HTTP": 80}, {"HTTPS": 443}])


@pytest.mark.parametrize(
    ("annotations", "params", "problem"),
    [
        ({"listen_ports": BOTH, "ssl_redirect": "443"}, {}, ""),
        ({"listen_ports": BOTH}, {"sslRedirectPort": "443"}, ""),
        (
            {"listen_ports": '[{"HTTP":80}]', "ssl_redirect": "443"},
            {},
            "listener does not exist for SSLRedirect port: 443",
        ),
        (
            {"listen_ports": BOTH, "ssl_redirect": "80"},
            {},
            "listener protocol non-SSL for SSLRedirect port: 80",
        ),
        ({"listen_ports": "80"}, {}, "failed to parse listen-ports configuration: `80`"),
        ({"listen_ports": "[]"}, {}, "empty listen-ports configuration: `[]`"),
        ({"listen_ports": '[{"HTTP":0}]'}, {}, "listen port must be within [1, 65535]: 0"),
        ({"listen_ports": '[{"TCP":80}]'}, {}, "listen protocol must be within [HTTP, HTTPS]: TCP"),
        ({"scheme": "public"}, {}, "unknown scheme: public"),
        ({"target_type": "pod"}, {}, "unknown targetType: pod"),
        (
            {"target_type": "instance"},
            {},
            "service type must be either 'NodePort' or 'LoadBalancer': models/s",
        ),
        (
            {"load_balancer_attributes": "idle_timeout.timeout_seconds"},
            {},
            "failed to parse stringMap annotation, load-balancer-attributes: idle_timeout.timeout_seconds",
        ),
    ],
)
def test_settings_that_make_no_load_balancer(
    annotations: dict[str, str], params: dict[str, Any], problem: str
) -> None:
    found = outcome(ingress(alb=annotations), world(params))
    assert found.problem == problem
    assert (found.hostname is None) is bool(problem)
    # The real controller takes hold of an Ingress before it knows whether a model can be built.
    assert found.finalizers == ("ingress.k8s.aws/resources",)


def test_a_certificate_is_looked_for_when_none_is_named() -> None:
    without = world(certificate_names=list)
    item = ingress(alb={"listen_ports": BOTH})
    assert outcome(item, without).problem == "no certificate found for host: a.example.com"
    named = ingress(alb={"listen_ports": BOTH, "certificate_arn": "arn:aws:acm:us-east-2:1:certificate/x"})
    assert outcome(named, without).hostname
    by_class = world({"certificateArn": ["arn:aws:acm:us-east-2:1:certificate/x"]}, certificate_names=list)
    assert outcome(item, by_class).hostname


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("a.example.com", "a.example.com", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
    ],
)
def test_a_wildcard_stands_for_one_label(name: str, host: str, covered: bool) -> None:
    assert load_balancers.covers(name, host) is covered


@pytest.mark.parametrize(
    ("one", "other", "problem"),
    [
        ({"scheme": "internal"}, {"scheme": "internet-facing"}, "conflicting scheme"),
        (
            {"load_balancer_attributes": "idle_timeout.timeout_seconds=60"},
            {"load_balancer_attributes": "idle_timeout.timeout_seconds=600"},
            "conflicting loadBalancerAttribute idle_timeout.timeout_seconds: 60 | 600",
        ),
        (
            {"listen_ports": '[{"HTTP":443}]'},
            {"listen_ports": '[{"HTTPS":443}]'},
            "conflicting protocol for port 443",
        ),
    ],
)
def test_members_that_contradict_each_other_stop_the_whole_group(
    one: dict[str, str], other: dict[str, str], problem: str
) -> None:
    group = {"group.name": "g"}
    members = [ingress("a", alb={**group, **one}), ingress("b", alb={**group, **other})]
    found = reconcile(members, SETTINGS, world())
    assert [problem in o.problem for o in found] == [True, True]
    assert [o.hostname for o in found] == [None, None]


def deployment(available: int) -> dict[str, Any]:
    arguments = ["--cluster-name=plane", "--aws-region=us-east-2", "--default-target-type=ip"]
    containers = [{"name": "c", "args": arguments}]
    return {
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"availableReplicas": available},
    }


def test_the_controllers_flags_count_while_it_is_available() -> None:
    assert load_balancers.running_settings([deployment(0)]) is None
    assert load_balancers.running_settings([]) is None
    assert load_balancers.running_settings([deployment(1)]) == Settings(
        "plane", "us-east-2", "ip", "internal"
    )


class RecordingApi:
    """Takes patches and posts, and has no objects."""

    def __init__(self) -> None:
        self.patches: list[tuple[str, dict[str, Any]]] = []
        self.events: list[tuple[str, str]] = []

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        del api_version
        return "/".join(filter(None, (kind, namespace, name)))

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        del api_version, kind, namespace, name

    def merge_patch(self, path: str, body: dict[str, Any]) -> None:
        self.patches.append((path, body))

    def request(self, method: str, path: str, query: None, body: dict[str, Any]) -> None:
        del method, path, query
        self.events.append((body["reason"], body["message"]))


class FixedMirror:
    """A mirror of what a test says."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)

    def all(self) -> list[dict[str, Any]]:
        return self.items


@pytest.fixture
def controllers(tmp_path: Path) -> Any:
    made = cast("Any", Controllers(cast("Any", RecordingApi()), Home(tmp_path)))
    made.nodes, made.params = FixedMirror(node()), FixedMirror()
    made.plugins = {GPU: FixedMirror(pod()), EFA: FixedMirror()}
    made.controllers = FixedMirror(deployment(1))
    made.classes = FixedMirror(dict(world().classes["alb"]))
    made.ingresses = FixedMirror(ingress(uid="1", resourceVersion="7", alb={"listen_ports": BOTH}))
    return made


def certificate(*names: str) -> Record:
    state = {"domainName": names[0], "subjectAlternativeNames": list(names[1:])}
    return Record("aws:acm/certificate:Certificate", "arn", "", state, state)


def test_one_pass_patches_nodes_and_ingresses(controllers: Any, tmp_path: Path) -> None:
    Store(Home(tmp_path).aws_state).put(certificate("example.com", "*.example.com"))
    assert controllers.reconcile()
    api = controllers._api
    gpus = {GPU: "8"}
    finalizers = {"finalizers": ["ingress.k8s.aws/resources"], "resourceVersion": "7"}
    assert api.patches[:2] == [
        ("Node/n1/status", {"status": {"capacity": gpus, "allocatable": gpus}}),
        ("Ingress/models/a", {"metadata": finalizers}),
    ]
    assert api.patches[2][0] == "Ingress/models/a/status"
    assert api.events == [("SuccessfullyReconciled", "Successfully reconciled")]


def test_a_problem_is_told_once(controllers: Any) -> None:
    controllers.reconcile()
    controllers.reconcile()
    assert controllers._api.events == [
        ("FailedBuildModel", "Failed build model due to no certificate found for host: a.example.com")
    ]


def test_nothing_happens_to_ingresses_without_the_controller(controllers: Any) -> None:
    controllers.controllers = FixedMirror(deployment(0))
    controllers.reconcile()
    assert [path for path, _ in controllers._api.patches] == ["Node/n1/status"]
