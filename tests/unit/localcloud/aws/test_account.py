"""The account file says what is there before a stack, and its faults are named."""

from pathlib import Path

import pytest

from localcloud.aws.account import AccountError, default_account, read_account, write_default
from localcloud.aws.existing import existing_resources


def test_the_default_file_is_the_default_account(tmp_path: Path) -> None:
    path = tmp_path / "cloud" / "account.yaml"
    write_default(path)
    assert "# What the simulated AWS account holds" in path.read_text()
    assert read_account(path) == default_account()


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    path.write_text("mine")
    write_default(path)
    assert path.read_text() == "mine"


def test_without_a_file_the_account_is_the_default_one(tmp_path: Path) -> None:
    assert read_account(tmp_path / "missing.yaml") == default_account()


def test_the_default_account_fits_the_dev_stack() -> None:
    account = default_account()
    reservation = account.capacity_reservations[0]
    assert (account.account_id, account.region) == ("111122223333", "us-east-2")
    assert (reservation.instance_type, reservation.zone, reservation.count) == (
        "p5e.48xlarge",
        "us-east-2b",
        1,
    )
    assert account.zones_of("p5e.48xlarge") == ["us-east-2b"]
    assert account.zones_of("m7i.large") == ["us-east-2a", "us-east-2b", "us-east-2c"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('accountId: "111122223333"', "accountId: abc"), "accountId: String should match pattern"),
        (("region: us-east-2", "region: mars"), "region: String should match pattern"),
        (
            ("count: 1", "count: 0"),
            "capacityReservations.0.count: Input should be greater than or equal to 1",
        ),
        (
            ("    kind: odcr", "    kind: spot"),
            "capacityReservations.0.kind: Input should be 'odcr'",
        ),
        (
            ("zone: us-east-2b", "zone: us-east-2x"),
            "cr-0123456789abcdef0 is in us-east-2x, which is not one of",
        ),
        (("instanceType: p5e.48xlarge", "instanceType: p9.huge"), "is for p9.huge, an unknown instance type"),
        (("reservations: [cr-0123456789abcdef0]", "reservations: [cr-1]"), "holds cr-1, which is not one of"),
        (("  p5en.48xlarge: [us-east-2c]", "  p9.huge: [us-east-2c]"), "unknown instance types: p9.huge"),
        (("name: us-east-2a,", "name: us-west-2a,"), "zone us-west-2a is not in region us-east-2"),
        (("quotas:", "quota:"), "quota: Extra inputs are not permitted"),
        (("zones:", "zones: ]"), "is not valid YAML"),
    ],
)
def test_faults_are_named_by_path(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "account.yaml"
    write_default(path)
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change, 1))
    with pytest.raises(AccountError) as caught:
        read_account(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "account.yaml"
    path.write_text("- a")
    with pytest.raises(AccountError, match="must be a YAML mapping"):
        read_account(path)


def test_what_the_account_holds_are_records_of_the_simulated_aws() -> None:
    records = existing_resources(default_account())
    by_type = {record.type for record in records}
    assert {
        "aws:ec2/capacityReservation:CapacityReservation",
        "aws:resourcegroups/group:Group",
        "aws:route53/zone:Zone",
        "aws:acm/certificate:Certificate",
        "aws:iam/role:Role",
    } == by_type
    assert {record.origin for record in records} == {"account"}
