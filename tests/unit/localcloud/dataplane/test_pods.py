"""Pods are served from their start to their end: key, readiness, drain and what a restart of the stand-in keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.dataplane.exchange import RefusedError
from localcloud.dataplane.pods import Pods
from localcloud.kube.api import ApiError, UnreachableError
from tests.unit.localcloud.dataplane.asking import request
from tests.unit.localcloud.dataplane.cluster import GONE, FakeApi, pod

CHAT = {"messages": [{"role": "user", "content": "hi"}], "stream": True}


class Kubelet:
    """`Pods` on a fake API server, with what it said."""

    def __init__(self, folder: Path, key: str = "first") -> None:
        self.api = FakeApi(auth={"VLLM_API_KEY": key})
        self.said: list[str] = []
        self.folder = folder
        self.pods = Pods(self.api, folder / "keys.json", lambda: None, self.said.append)  # type: ignore[arg-type]

    def status(self, uid: str, key: str, port: int = 8000) -> int:
        found = self.pods.by_uid(uid)
        assert found is not None
        return found.answer(port, request("/v1/models", key=key)).status


@pytest.fixture
def kubelet(tmp_path: Path) -> Kubelet:
    return Kubelet(tmp_path)


def test_a_pod_answers_with_the_key_of_its_secret(kubelet: Kubelet) -> None:
    assert kubelet.pods.sync([pod()]) is None
    assert kubelet.status("u1", "first") == 200
    assert kubelet.status("u1", "other") == 401


def test_a_rotated_secret_counts_for_new_pods_only(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod()])
    kubelet.api.secrets["auth"]["VLLM_API_KEY"] = "second"
    kubelet.pods.sync([pod(), pod("u2", address="10.0.0.2")])
    assert [kubelet.status("u1", key) for key in ("first", "second")] == [200, 401]
    assert [kubelet.status("u2", key) for key in ("first", "second")] == [401, 200]


def test_a_restart_of_the_stand_in_restarts_no_pod(kubelet: Kubelet, tmp_path: Path) -> None:
    kubelet.pods.sync([pod()])
    again = Kubelet(tmp_path, key="second")
    again.pods.sync([pod()])
    assert [again.status("u1", key) for key in ("first", "second")] == [200, 401]
    del again.api.secrets["auth"]
    third = Kubelet(tmp_path)
    third.api.secrets.clear()
    third.pods.sync([pod()])
    assert third.status("u1", "first") == 200


def test_keys_are_kept_as_digests_for_the_owner_only_and_for_living_pods_only(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod(), pod("u2")])
    file = kubelet.folder / "keys.json"
    assert "first" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(file.read_text())) == {"u1", "u2"}
    kubelet.pods.sync([pod("u2")])
    assert set(json.loads(file.read_text())) == {"u2"}


def test_a_missing_secret_keeps_the_container_from_starting_until_it_is_there(kubelet: Kubelet) -> None:
    secret = kubelet.api.secrets.pop("auth")
    assert kubelet.pods.sync([pod()]) == 2
    assert kubelet.pods.by_uid("u1") is None
    assert 'CreateContainerConfigError: secretKeyRef: "auth" not found' in kubelet.said[-1]
    kubelet.api.secrets["auth"] = secret
    assert kubelet.pods.sync([pod()]) is None
    assert kubelet.status("u1", "first") == 200


def test_a_pod_that_is_not_ready_yet_refuses_and_one_that_was_goes_on_answering(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod(ready=False)])
    with pytest.raises(RefusedError):
        kubelet.status("u1", "first")
    kubelet.pods.sync([pod()])
    kubelet.pods.sync([pod(ready=False)])
    assert kubelet.status("u1", "first") == 200


def test_a_pod_whose_containers_do_not_run_is_none(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod(running=False)])
    assert kubelet.pods.by_uid("u1") is None


def test_nothing_listens_on_another_port_than_the_servers(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod(args=("m", "--port=9000"))])
    assert kubelet.status("u1", "first", 9000) == 200
    with pytest.raises(RefusedError):
        kubelet.status("u1", "first", 8000)


def test_a_pod_is_found_by_its_address_until_it_is_gone(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod()])
    found = kubelet.pods.by_address("10.0.0.1")
    assert found is not None
    assert found.uid == "u1"
    kubelet.pods.sync([])
    assert kubelet.pods.by_address("10.0.0.1") is None


def test_an_idle_pod_leaves_at_once_and_once_only(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod()])
    assert kubelet.pods.sync([pod(leaving=True)]) is None
    kubelet.pods.sync([pod(leaving=True)])
    assert kubelet.api.ended == ["u1"]


def test_a_pod_that_never_started_leaves_at_once(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod(running=False, leaving=True)])
    assert kubelet.api.ended == ["u1"]


def started_stream(kubelet: Kubelet) -> Any:
    found = kubelet.pods.by_uid("u1")
    assert found is not None
    stream = found.answer(8000, request("/v1/chat/completions", CHAT, key="first")).body
    assert not isinstance(stream, bytes)
    next(stream)
    return stream


def test_a_stream_under_way_holds_the_pod_until_it_ends(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod()])
    stream = started_stream(kubelet)
    wait = kubelet.pods.sync([pod(leaving=True)])
    # The preStop hook's 20 s and vLLM's own 120 s.
    assert wait == pytest.approx(140, abs=1)
    assert kubelet.api.ended == []
    assert list(stream)[-1] == b"data: [DONE]\n\n"
    assert kubelet.pods.sync([pod(leaving=True)]) is None
    assert kubelet.api.ended == ["u1"]


def test_at_the_end_of_the_drain_the_stream_is_broken(kubelet: Kubelet) -> None:
    kubelet.pods.sync([pod()])
    stream = started_stream(kubelet)
    short = pod(leaving=True)
    short["metadata"]["deletionGracePeriodSeconds"] = 0
    assert kubelet.pods.sync([short]) is None
    assert kubelet.api.ended == ["u1"]
    with pytest.raises(RefusedError):
        list(stream)


@pytest.mark.parametrize("asked_first", [False, True])
def test_a_pod_that_was_killed_takes_its_streams_with_it(kubelet: Kubelet, asked_first: bool) -> None:
    kubelet.pods.sync([pod()])
    stream = started_stream(kubelet)
    if asked_first:
        kubelet.pods.sync([pod(leaving=True)])
    kubelet.pods.sync([])
    with pytest.raises(RefusedError):
        list(stream)


@pytest.mark.parametrize(
    ("error", "wait"),
    [(GONE, None), (UnreachableError("down"), 2), (ApiError(500, "Internal", "no"), 2)],
)
def test_a_failed_removal_is_tried_again_unless_the_pod_is_gone(
    kubelet: Kubelet, error: Exception, wait: float | None
) -> None:
    kubelet.pods.sync([pod()])
    kubelet.api.refuse = error
    assert kubelet.pods.sync([pod(leaving=True)]) == wait


def test_a_pod_without_a_model_server_shows_a_page_and_is_left_to_kwok(kubelet: Kubelet) -> None:
    def docs(**more: Any) -> dict[str, Any]:
        made = pod(**more)
        made["spec"]["containers"] = [
            {"name": "docs", "image": "registry/public-docs:1", "ports": [{"containerPort": 8080}]}
        ]
        return made

    kubelet.pods.sync([docs()])
    found = kubelet.pods.by_uid("u1")
    assert found is not None
    response = found.answer(8080, request("/"))
    assert response.status == 200
    assert b"Stand-in of the local cloud for pod m-u1" in bytes(response.body)  # type: ignore[arg-type]
    kubelet.pods.sync([docs(leaving=True)])
    assert kubelet.api.ended == []
