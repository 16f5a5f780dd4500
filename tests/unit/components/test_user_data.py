"""User data holds only what EKS does not set, in the form each AMI family reads."""

import base64
import email
import tomllib

import pytest

from components.user_data import RAID0_BOTTLEROCKET_SETTINGS, node_user_data
from tests.golden_files import check_golden


def decoded(ami: str) -> str:
    text = node_user_data(ami, "raid0")
    assert text is not None
    return base64.b64decode(text).decode()


@pytest.mark.parametrize("ami", ["al2023", "bottlerocket"])
def test_there_is_no_user_data_without_an_instance_store(ami):
    assert node_user_data(ami, "none") is None


@pytest.mark.parametrize(("ami", "suffix"), [("al2023", "mime"), ("bottlerocket", "toml")])
def test_raid0_user_data_is_the_reviewed_one(ami, suffix):
    check_golden(f"user-data/{ami}-raid0.{suffix}", decoded(ami))


def test_al2023_user_data_is_multipart_mime_with_one_node_config():
    message = email.message_from_string(decoded("al2023"))
    assert message.get_content_type() == "multipart/mixed"
    (part,) = [part for part in message.walk() if not part.is_multipart()]
    assert part.get_content_type() == "application/node.eks.aws"
    body = str(part.get_payload())
    assert "strategy: RAID0" in body
    assert "cluster" not in body, "EKS merges the cluster's settings in; ours would clash"


def test_bottlerocket_binds_what_nodeadm_moves_too():
    settings = tomllib.loads(RAID0_BOTTLEROCKET_SETTINGS)["settings"]
    (command,) = settings["bootstrap-commands"].values()
    assert command["commands"] == [
        ["apiclient", "ephemeral-storage", "init"],
        [
            *["apiclient", "ephemeral-storage", "bind", "--dirs"],
            *["/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
        ],
    ]
    assert (command["essential"], command["mode"]) == (True, "always")
