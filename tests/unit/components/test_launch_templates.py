"""Parts of launch templates: volumes, metadata, tags, reservations and EFA interfaces."""

import pytest

from components.instance_types import INSTANCE_TYPES
from components.launch_templates import (
    CAPACITY_KINDS,
    block_devices,
    capacity_reservation_specification,
    efa_network_interfaces,
    instance_market_options,
    metadata_options,
    tag_specifications,
)

GROUPS = ["sg-cluster", "sg-efa"]
EFA_TYPES = [row for row in INSTANCE_TYPES.values() if row.efa_interfaces]


def places(name: str) -> list[tuple]:
    return [
        (i.get("network_card_index"), i.get("device_index"), i.get("interface_type"))
        for i in efa_network_interfaces(INSTANCE_TYPES[name], GROUPS)
    ]


def test_al2023_has_one_encrypted_root_volume():
    assert block_devices("al2023", 300, 6000, 500) == [
        {
            "device_name": "/dev/xvda",
            "ebs": {
                "volume_type": "gp3",
                "volume_size": 300,
                "encrypted": "true",
                "delete_on_termination": "true",
                "iops": 6000,
                "throughput": 500,
            },
        }
    ]


def test_iops_and_throughput_are_absent_unless_given():
    (device,) = block_devices("al2023", 50)
    assert device.get("ebs") == {
        "volume_type": "gp3",
        "volume_size": 50,
        "encrypted": "true",
        "delete_on_termination": "true",
    }


def test_bottlerocket_puts_the_size_on_its_second_volume_and_encrypts_both():
    system, data = block_devices("bottlerocket", 300, 6000, 500)
    assert system.get("device_name") == "/dev/xvda"
    assert system.get("ebs") == {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"}
    assert data == {**block_devices("al2023", 300, 6000, 500)[0], "device_name": "/dev/xvdb"}


def test_metadata_needs_a_token_and_ends_at_the_node():
    assert metadata_options() == {
        "http_endpoint": "enabled",
        "http_tokens": "required",
        "http_put_response_hop_limit": 1,
    }


def test_tags_reach_instances_volumes_and_interfaces():
    assert tag_specifications({"team": "serving"}) == [
        {"resource_type": "instance", "tags": {"team": "serving"}},
        {"resource_type": "volume", "tags": {"team": "serving"}},
        {"resource_type": "network-interface", "tags": {"team": "serving"}},
    ]


@pytest.mark.parametrize("kind", ["odcr", "capacity-block"])
def test_a_reservation_is_targeted_by_id_without_a_preference(kind):
    assert capacity_reservation_specification(kind, "cr-0123456789abcdef0", "unused") == {
        "capacity_reservation_target": {"capacity_reservation_id": "cr-0123456789abcdef0"}
    }


def test_a_group_of_reservations_is_targeted_by_arn_without_a_preference():
    assert capacity_reservation_specification("resource-group", None, "arn:group") == {
        "capacity_reservation_target": {"capacity_reservation_resource_group_arn": "arn:group"}
    }


def test_on_demand_has_no_reservation():
    assert capacity_reservation_specification("on-demand") is None


@pytest.mark.parametrize("kind", CAPACITY_KINDS)
def test_only_a_capacity_block_has_a_market(kind):
    expected = {"market_type": "capacity-block"} if kind == "capacity-block" else None
    assert instance_market_options(kind) == expected


@pytest.mark.parametrize("row", EFA_TYPES, ids=lambda row: row.name)
def test_every_efa_interface_of_a_type_is_used_once_and_the_primary_is_plain(row):
    layout = places(row.name)
    assert layout[0] == (0, 0, "interface")
    assert [kind for _, _, kind in layout].count("efa-only") == row.efa_interfaces
    assert len({place[:2] for place in layout}) == len(layout)
    assert {card for card, _, _ in layout} == set(range(row.network_cards))


def test_layout_of_one_card_of_two_cards_and_of_a_plain_first_card():
    assert places("g6.12xlarge") == [(0, 0, "interface"), (0, 1, "efa-only")]
    assert places("g6e.24xlarge") == [(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only")]
    assert places("p6-b300.48xlarge")[:2] == [(0, 0, "interface"), (1, 0, "efa-only")]


def test_every_interface_is_in_both_groups_and_ends_with_its_instance():
    for interface in efa_network_interfaces(INSTANCE_TYPES["p5e.48xlarge"], GROUPS):
        assert interface.get("security_groups") == GROUPS
        assert interface.get("delete_on_termination") == "true"
        assert "subnet_id" not in interface, "EKS refuses a subnet in a node group's template"
        assert "associate_public_ip_address" not in interface
