"""The provider's configuration: what is refused, what replaces, which cluster it may reach, where tokens come from."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.kube import connection, session
from localcloud.providers.protocol import UNKNOWN


def kubeconfig(server: str = "https://127.0.0.1:6443", user: dict[str, Any] | None = None) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": user or {"token": "t"}}],
        }
    )


def test_settings_of_the_sdk_are_accepted_and_others_refused() -> None:
    good = {
        "kubeconfig": kubeconfig(),
        "clusterIdentifier": "c",
        "enableSecretMutable": "true",
        "version": "4",
    }
    assert session.check_config(good) == []
    (fault,) = session.check_config({"kubeConfig": kubeconfig()})
    assert fault.property == "kubeConfig"
    assert "kubeconfig" in fault.reason


def test_an_unknown_kubeconfig_is_no_fault() -> None:
    assert session.check_config({"kubeconfig": UNKNOWN}) == []


@pytest.mark.parametrize(
    ("config", "property_", "reason"),
    [
        ({"kubeconfig": "no/such/file"}, "kubeconfig", "neither YAML nor JSON nor a file"),
        ({"kubeconfig": "{}"}, "kubeconfig", "has no context"),
        ({"kubeconfig": kubeconfig(), "context": "x"}, "kubeconfig", "has no context 'x' (it has: c)"),
        ({"enablePatchForce": "yes"}, "enablePatchForce", "expected true or false"),
        ({"enableServerSideApply": "false"}, "enableServerSideApply", "server side only"),
    ],
)
def test_a_bad_setting_is_refused(config: dict[str, Any], property_: str, reason: str) -> None:
    (fault,) = session.check_config(config)
    assert fault.property == property_
    assert reason in fault.reason


def replaced(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [change.path for change in session.diff_config(old, new).changes if change.replace]


def test_an_unchanged_identifier_keeps_the_provider_whatever_happens_to_the_kubeconfig() -> None:
    old = {"clusterIdentifier": "c", "kubeconfig": kubeconfig()}
    for new in (UNKNOWN, kubeconfig("https://127.0.0.1:7777")):
        assert replaced(old, {"clusterIdentifier": "c", "kubeconfig": new}) == []
        assert session.diff_config(old, {"clusterIdentifier": "c", "kubeconfig": new}).changes


def test_another_identifier_replaces() -> None:
    config = {"kubeconfig": kubeconfig()}
    both = {**config, "clusterIdentifier": "a"}, {**config, "clusterIdentifier": "b"}
    assert replaced(*both) == ["clusterIdentifier"]
    # Adding or removing one is no move to another cluster.
    assert replaced(config, both[0]) == []
    assert replaced(both[0], config) == []


def test_without_identifier_another_cluster_replaces_and_another_user_does_not() -> None:
    old = {"kubeconfig": kubeconfig()}
    assert replaced(old, {"kubeconfig": UNKNOWN}) == ["kubeconfig"]
    assert replaced(old, {"kubeconfig": kubeconfig("https://127.0.0.1:7777")}) == ["kubeconfig"]
    assert replaced(old, {"kubeconfig": kubeconfig(user={"token": "other"})}) == []


def test_equal_configurations_do_not_differ() -> None:
    config = {"kubeconfig": kubeconfig(), "namespace": "a"}
    assert session.diff_config(config, dict(config)).changes == ()


def test_a_cluster_that_is_not_on_loopback_is_refused() -> None:
    remote = connection.select(json.loads(kubeconfig("https://ABC.gr7.us-east-2.eks.amazonaws.com")))
    with pytest.raises(connection.ConnectionSettingsError, match="its own control plane"):
        connection.refuse_remote(remote)
    connection.refuse_remote(connection.select(json.loads(kubeconfig())))


def test_a_kubeconfig_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(kubeconfig())
    assert connection.select(connection.parse(str(file))).server == "https://127.0.0.1:6443"


def exec_user(script: str) -> dict[str, Any]:
    return {
        "exec": {"command": "sh", "args": ["-c", script], "env": [{"name": "ANSWER", "value": "token-1"}]}
    }


def test_tokens_come_from_the_exec_command_once_until_renewed(tmp_path: Path) -> None:
    count = tmp_path / "count"
    script = f'echo x >> {count}; printf \'{{"status": {{"token": "%s"}}}}\' "$ANSWER"'
    source = connection.TokenSource(exec_user(script))
    assert [source.token(), source.token()] == ["token-1", "token-1"]
    assert count.read_text().count("x") == 1
    source.token(renew=True)
    assert count.read_text().count("x") == 2


def test_an_expired_token_is_fetched_again(tmp_path: Path) -> None:
    count = tmp_path / "count"
    status = '{"status": {"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}}'
    source = connection.TokenSource(exec_user(f"echo x >> {count}; echo '{status}'"))
    source.token()
    source.token()
    assert count.read_text().count("x") == 2


@pytest.mark.parametrize(
    ("user", "message"),
    [
        (exec_user("echo no credentials >&2; exit 3"), "failed: no credentials"),
        (exec_user("echo hello"), "did not print an ExecCredential"),
        ({"exec": {"command": "no-such-command"}}, "is not on PATH"),
        ({}, "has no exec command"),
    ],
)
def test_a_token_that_cannot_be_had_says_why(user: dict[str, Any], message: str) -> None:
    with pytest.raises(connection.ConnectionSettingsError, match=message):
        connection.TokenSource(user).token()
