"""A kubeconfig without credentials, and the command a person runs instead."""

import json

from components.kubeconfig import exec_kubeconfig, update_kubeconfig_command


def user(**more) -> dict:
    document = json.loads(
        exec_kubeconfig(
            cluster_name="dev",
            region="us-east-2",
            endpoint="https://api.example",
            certificate_authority="Q0E=",
            **more,
        )
    )
    assert document["clusters"] == [
        {"name": "dev", "cluster": {"server": "https://api.example", "certificate-authority-data": "Q0E="}}
    ]
    assert document["contexts"] == [{"name": "dev", "context": {"cluster": "dev", "user": "dev"}}]
    assert document["current-context"] == "dev"
    (entry,) = document["users"]
    return entry["user"]


TOKEN = ["--region", "us-east-2", "eks", "get-token", "--cluster-name", "dev", "--output", "json"]


def test_user_is_an_exec_plugin_and_nothing_else():
    assert user() == {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": TOKEN,
            "interactiveMode": "Never",
        }
    }


def test_role_is_an_argument_and_profile_an_environment_variable():
    plugin = user(role_arn="arn:aws:iam::111122223333:role/admin", profile="prod")["exec"]
    assert plugin["args"] == [*TOKEN, "--role-arn", "arn:aws:iam::111122223333:role/admin"]
    assert plugin["env"] == [{"name": "AWS_PROFILE", "value": "prod"}]


def test_command_for_a_person():
    base = {"cluster_name": "dev", "region": "us-east-2"}
    assert update_kubeconfig_command(**base) == "aws eks update-kubeconfig --name dev --region us-east-2"
    assert update_kubeconfig_command(**base, role_arn="arn:r", profile="p").endswith(
        " --role-arn arn:r --profile p"
    )
