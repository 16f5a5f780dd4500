"""The deployed dev stack answers on loopback as its load balancer, Services, pods, Secret and chart let it.

The tests of this module run in order on one local cloud.
"""

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import urllib3

from localcloud.cloud import Cloud
from localcloud.report import model_table
from localcloud.stack import Stack

NAMESPACE = "poolside-models"
MODELS = {"laguna-m": "Laguna", "laguna-xs": "Laguna", "point": "Point"}
HEALTH = "http://inference-point.poolside-models.svc:8000/health"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "Say hello"}]}


class Client:
    """Calls the models of a deployed stack through their load balancer's stand-in."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.ports: dict[str, int] = json.loads(stack.cloud.home.ports.read_text())
        self.authority = str(stack.cloud.home.ca_certificate)

    def kubectl(self, *arguments: str) -> str:
        run = subprocess.run(
            [self.stack.cloud.home.bin / "kubectl", "-n", NAMESPACE, *arguments],
            env=self.stack.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def key(self) -> str:
        secret = json.loads(self.kubectl("get", "secret", "vllm-auth", "-o", "json"))
        return base64.b64decode(secret["data"]["VLLM_API_KEY"]).decode()

    def ask(
        self,
        model: str,
        path: str = "/v1/models",
        body: Any = None,
        *,
        key: str | None = None,
        host: str = "",
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        name = host or f"{model}.models.example.com"
        pool = urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            self.ports["data-plane-https"],
            ca_certs=self.authority,
            server_hostname=name,
            assert_hostname=name,
        )
        given = self.key() if key is None else key
        headers = {"Host": name, **({"Authorization": f"Bearer {given}"} if given else {})}
        return pool.request(
            "GET" if body is None else "POST",
            path,
            headers=headers | ({"Content-Type": "application/json"} if body is not None else {}),
            body=json.dumps(body) if body is not None else None,
            retries=False,
            preload_content=not stream,
            timeout=60,
        )

    def inside(self, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
        proxy = urllib3.ProxyManager(f"http://127.0.0.1:{self.ports['data-plane-proxy']}")
        return proxy.request("GET", url, headers=headers, retries=False)

    def pods(self, model: str) -> list[dict[str, Any]]:
        listed = self.kubectl("get", "pods", "-l", f"inference-plane/model={model}", "-o", "json")
        return json.loads(listed)["items"]

    def annotate(self, model: str, **annotations: str | None) -> None:
        """Set annotations of the model's pods, and wait until their replacement is ready."""
        names = {
            "delay": "pod-ready.stage.kwok.x-k8s.io/delay",
            "per_token": "stand-in.inference-plane/time-per-output-token",
        }
        given = {names[key]: value for key, value in annotations.items()}
        patch = {"spec": {"template": {"metadata": {"annotations": given}}}}
        self.kubectl("patch", "deployment", f"inference-{model}", "-p", json.dumps(patch))

    def restart(self, model: str) -> None:
        # kubectl counts restarts by the second, and refuses a second one within it.
        time.sleep(1)
        self.kubectl("rollout", "restart", f"deployment/inference-{model}")
        self.rolled_out(model)

    def rolled_out(self, model: str) -> None:
        self.kubectl("rollout", "status", f"deployment/inference-{model}", "--timeout=60s")


def eventually(check: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The dev stack, deployed on a local cloud of its own."""
    cloud = Cloud(tmp_path_factory.mktemp("plane"))
    stack = Stack(cloud, "dev")
    cloud.prepare()
    stack.prepare()
    cloud.start()
    run = stack.captured("up", "--yes", "--skip-preview", "--suppress-outputs")
    assert run.returncode == 0, run.stdout[-6000:]
    yield Client(stack)
    cloud.stop()


@pytest.mark.parametrize(("model", "served"), MODELS.items())
def test_each_model_answers_under_its_hostname(client: Client, model: str, served: str) -> None:
    listed = client.ask(model)
    assert listed.status == 200
    assert [card["id"] for card in listed.json()["data"]] == [served]
    assert listed.headers["X-Inference-Plane-Stand-In"] == "load-balancer"
    chat = client.ask(model, "/v1/chat/completions", {**CHAT, "model": served}).json()
    text = chat["choices"][0]["message"]["content"]
    assert f"Stand-in for {served}" in text
    completed = client.ask(model, "/v1/completions", {"model": served, "prompt": "a", "max_tokens": 5})
    assert completed.json()["usage"]["completion_tokens"] == 5
    stream = client.ask(model, "/v1/chat/completions", {**CHAT, "model": served, "stream": True})
    assert stream.headers["content-type"].startswith("text/event-stream")
    *events, done, rest = stream.data.decode().split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    pieces = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"]["content"] for event in events]
    assert "".join(pieces) == text


def test_the_context_length_is_the_one_in_the_pods_arguments(client: Client) -> None:
    lengths = {model: client.ask(model).json()["data"][0]["max_model_len"] for model in MODELS}
    assert lengths == {"laguna-m": 131072, "laguna-xs": 32768, "point": 16384}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_the_key_of_the_secret_is_needed(client: Client, key: str) -> None:
    response = client.ask("point", key=key)
    assert (response.status, response.data) == (401, b'{"error":"Unauthorized"}')


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/invocations", "/v1x"])
def test_no_other_path_leads_in(client: Client, path: str) -> None:
    response = client.ask("point", path, None if path != "/invocations" else CHAT, key="")
    assert response.status == 404
    assert response.headers["server"] == "awselb/2.0"


def test_a_host_without_a_rule_is_404_and_one_without_a_certificate_no_connection(client: Client) -> None:
    assert client.ask("none").status == 404
    with pytest.raises(urllib3.exceptions.SSLError):
        client.ask("point", host="point.example.org")


def test_another_models_name_is_404_in_vllms_form(client: Client) -> None:
    response = client.ask("point", "/v1/chat/completions", {**CHAT, "model": "Laguna"})
    assert response.status == 404
    assert response.json()["error"]["type"] == "NotFoundError"


def test_http_is_redirected_to_https(client: Client) -> None:
    url = f"http://127.0.0.1:{client.ports['data-plane-http']}/v1/models"
    headers = {"Host": "point.models.example.com"}
    response = urllib3.request("GET", url, headers=headers, redirect=False)
    assert response.status == 301
    assert response.headers["location"] == "https://point.models.example.com:443/v1/models"


def test_inside_the_cluster_health_and_metrics_are_open_and_v1_is_not(client: Client) -> None:
    assert client.inside(HEALTH).status == 200
    service = HEALTH.removesuffix("/health")
    assert client.inside(f"{service}/v1/models").status == 401
    assert client.inside(f"{service}/v1/models", Authorization=f"Bearer {client.key()}").status == 200
    [pod] = client.pods("point")
    assert client.inside(f"http://{pod['status']['podIP']}:8000/version").json() == {"version": "0.33.0"}
    assert client.inside(f"http://{pod['status']['podIP']}:9000/health").status == 502

    def generated() -> float:
        text = client.inside(f"{service}/metrics").data.decode()
        [line] = [one for one in text.splitlines() if one.startswith("vllm:generation_tokens_total{")]
        assert 'model_name="Point"' in line
        return float(line.split()[-1])

    before = generated()
    client.ask("point", "/v1/completions", {"prompt": "a", "max_tokens": 5})
    assert generated() == before + 5


def test_the_printed_commands_work_when_they_are_copied(client: Client) -> None:
    stack = client.stack
    kubectl = str(stack.cloud.home.bin / "kubectl")
    printed = model_table(stack.outputs(), kubectl, stack.environment())
    assert client.key() not in printed
    lines = printed[printed.index("KEY=") :]
    assert lines.count("\n") == 4
    plain = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    run = subprocess.run(["bash", "-euc", lines], env=plain, capture_output=True, text=True, check=True)
    assert run.stdout.count('"object":"text_completion"') == 3
    assert "HTTP/1.1 200 OK" in run.stdout


def test_without_a_pod_it_is_503_and_with_one_again_200(client: Client) -> None:
    client.kubectl("scale", "deployment", "inference-point", "--replicas=0")
    eventually(lambda: client.ask("point").status == 503, "the model without pods still answers")
    assert b"503 Service Temporarily Unavailable" in client.ask("point").data
    assert client.inside(HEALTH).status == 502
    assert client.ask("laguna-m").status == 200
    client.kubectl("scale", "deployment", "inference-point", "--replicas=1")
    eventually(lambda: client.ask("point").status == 200, "the model's new pod does not answer")


def test_a_start_up_delay_keeps_the_pod_from_being_ready(client: Client) -> None:
    client.annotate("point", delay="9s")

    def started() -> bool:
        pods = client.pods("point")
        return len(pods) == 1 and bool(pods[0]["status"].get("podIP")) and client.ask("point").status == 503

    eventually(started, "there was no time in which the pod ran and was not ready")
    [pod] = client.pods("point")
    assert pod["status"]["phase"] == "Running"
    assert not pod["status"]["containerStatuses"][0]["ready"]
    assert client.inside(f"http://{pod['status']['podIP']}:8000/health").status == 502
    client.rolled_out("point")
    assert client.ask("point").status == 200
    client.annotate("point", delay=None)
    client.rolled_out("point")


def test_a_deleted_pod_finishes_its_stream_and_gets_no_new_request(client: Client) -> None:
    client.annotate("point", per_token="0.25")
    client.rolled_out("point")
    [old] = client.pods("point")
    body = {**CHAT, "stream": True, "max_tokens": 48, "ignore_eos": True}
    response = client.ask("point", "/v1/chat/completions", body, stream=True)
    stream = response.stream(decode_content=False)
    next(stream)
    client.kubectl("delete", "pod", old["metadata"]["name"], "--wait=false")
    terminating = {pod["metadata"]["name"]: pod for pod in client.pods("point")}[old["metadata"]["name"]]
    assert terminating["metadata"]["deletionTimestamp"]
    eventually(lambda: client.ask("point").status == 200, "the new pod does not answer")
    names = [pod["metadata"]["name"] for pod in client.pods("point")]
    assert old["metadata"]["name"] in names
    assert len(names) == 2
    assert b"".join(stream).endswith(b"data: [DONE]\n\n")
    eventually(lambda: len(client.pods("point")) == 1, "the drained pod is still there")


def test_a_stream_longer_than_the_grace_period_is_cut(client: Client) -> None:
    [old] = client.pods("point")
    body = {**CHAT, "stream": True, "max_tokens": 200, "ignore_eos": True}
    response = client.ask("point", "/v1/chat/completions", body, stream=True)
    stream = response.stream(decode_content=False)
    next(stream)
    started = time.monotonic()
    # Deadlines are whole seconds: up to one of the two may be over already.
    client.kubectl("delete", "pod", old["metadata"]["name"], "--grace-period=2", "--wait=false")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        list(stream)
    assert 1 < time.monotonic() - started < 10


def test_a_rotated_key_counts_from_the_pods_restart_on(client: Client) -> None:
    client.annotate("point", per_token=None)
    client.rolled_out("point")
    old, new = client.key(), "rotated-by-the-test"
    encoded = base64.b64encode(new.encode()).decode()
    client.kubectl("patch", "secret", "vllm-auth", "-p", json.dumps({"data": {"VLLM_API_KEY": encoded}}))
    assert [client.ask("point", key=key).status for key in (old, new)] == [200, 401]
    client.restart("point")
    eventually(lambda: client.ask("point", key=new).status == 200, "the new pod has not the new key")
    assert client.ask("point", key=old).status == 401
    assert [client.ask("laguna-m", key=key).status for key in (old, new)] == [200, 401]


def test_a_rolling_update_of_two_replicas_loses_no_request(client: Client) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    patch = {"spec": {"replicas": 2, "strategy": rolling}}
    client.kubectl("patch", "deployment", "inference-point", "-p", json.dumps(patch))
    client.rolled_out("point")
    key = client.key()
    statuses: list[int] = []
    over = threading.Event()

    def load() -> None:
        body = {"prompt": "a", "max_tokens": 3}
        while not over.is_set():
            statuses.append(client.ask("point", "/v1/completions", body, key=key).status)

    workers = [threading.Thread(target=load) for _ in range(2)]
    for worker in workers:
        worker.start()
    before = {pod["metadata"]["uid"] for pod in client.pods("point")}
    try:
        client.restart("point")
    finally:
        over.set()
        for worker in workers:
            worker.join()
    assert not before & {pod["metadata"]["uid"] for pod in client.pods("point")}
    assert len(statuses) > 10
    assert set(statuses) == {200}


def test_it_sleeps_when_nobody_asks_and_stays_small(client: Client) -> None:
    recorded = client.stack.cloud.control_plane.processes.running("data-plane")
    assert recorded is not None
    process = psutil.Process(recorded.pid)
    before = process.cpu_times()
    time.sleep(3)
    after = process.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.1
    assert process.memory_info().rss < 80e6


def test_a_restart_of_the_stand_in_keeps_ports_and_keys_and_pods_end_without_it(client: Client) -> None:
    processes = client.stack.cloud.control_plane.processes
    recorded = processes.running("data-plane")
    assert recorded is not None
    old = psutil.Process(recorded.pid)
    old.terminate()
    old.wait(10)
    [pod, _] = client.pods("point")
    client.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=2", "--timeout=30s")
    client.stack.cloud.start()
    assert json.loads(client.stack.cloud.home.ports.read_text()) == client.ports
    # These pods still have the key from before the rotation.
    stale = client.stack.captured("config get", "inference-plane:vllmApiKey").stdout.strip()
    assert stale != client.key()

    def answers() -> bool:
        try:
            return client.ask("laguna-m", key=stale).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    eventually(answers, "the restarted stand-in does not answer with the pods' own key")
    assert client.ask("laguna-m").status == 401


def test_a_stopped_local_cloud_answers_no_more(client: Client) -> None:
    client.stack.cloud.stop()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        client.ask("point", key="any")
