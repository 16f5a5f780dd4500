"""What a cut-off command made is found, and written into the state so that the engine takes it."""

import dataclasses
import datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.store import Record, Store
from localcloud.home import Home
from localcloud.journal import Begun
from localcloud.kube.kinds import RELEASE
from localcloud.recovery import in_order, made, recover
from tests.unit.localcloud.kubernetes_fakes import FakeApi

VPC = "aws:ec2/vpc:Vpc"
NAMESPACE = "kubernetes:core/v1:Namespace"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:aws::aws::id"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::p::{type_}::{name}"


def begun(type_: str = VPC, name: str = "net", **more: Any) -> Begun:
    return dataclasses.replace(
        Begun("create", urn(type_, name), type_, name, PROVIDER, {}, at=1000.0), **more
    )


def resource(name: str, type_: str = VPC, **more: Any) -> dict[str, Any]:
    return {"urn": urn(type_, name), "type": type_, "custom": True, "id": f"{name}-id", **more}


def no_api() -> Any:
    raise AssertionError("the cluster is not asked")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


class TestWhatWasMade:
    def test_a_resource_of_the_account_that_is_in_no_state_is_found(self, home: Home) -> None:
        Store(home.aws_state).put(Record(VPC, "vpc-1", "net", {}, {}))
        assert made(home, [begun()], [], no_api) == {urn(VPC, "net"): "vpc-1"}

    def test_what_the_state_has_is_not_found_again(self, home: Home) -> None:
        Store(home.aws_state).put(Record(VPC, "vpc-1", "net", {}, {}))
        assert made(home, [begun()], [resource("net", id="vpc-1")], no_api) == {}

    def test_the_new_one_of_a_replacement_is_found_beside_the_old_one(self, home: Home) -> None:
        store = Store(home.aws_state)
        store.put(Record(VPC, "vpc-1", "net", {}, {}))
        store.put(Record(VPC, "vpc-2", "net", {}, {}))
        assert made(home, [begun()], [resource("net", id="vpc-1")], no_api) == {urn(VPC, "net"): "vpc-2"}

    def test_the_new_one_of_a_replacement_with_the_same_id_is_found(self, home: Home) -> None:
        Store(home.aws_state).put(Record(VPC, "same", "net", {}, {}))
        old = resource("net", id="same", pendingReplacement=True)
        assert made(home, [begun()], [old], no_api) == {urn(VPC, "net"): "same"}

    def test_what_the_account_had_before_and_other_names_are_nobodys(self, home: Home) -> None:
        store = Store(home.aws_state)
        store.put(Record(VPC, "vpc-1", "net", {}, {}, "account"))
        store.put(Record(VPC, "vpc-2", "other", {}, {}))
        assert made(home, [begun()], [], no_api) == {}

    def test_an_update_makes_nothing(self, home: Home) -> None:
        Store(home.aws_state).put(Record(VPC, "vpc-1", "net", {}, {}))
        assert made(home, [begun(verb="update")], [], no_api) == {}

    @pytest.mark.parametrize(("seconds", "found"), [(0, True), (5, True), (-1, False), (-3600, False)])
    def test_an_object_is_ours_when_it_is_not_older_than_the_operation(
        self, home: Home, seconds: int, found: bool
    ) -> None:
        at = datetime.datetime(2026, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)
        created = (at + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        api = FakeApi()
        api.apply(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": "m", "creationTimestamp": created},
            },
            "m",
        )
        identity = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "m"}}
        one = begun(NAMESPACE, "ns", identity=identity, at=at.timestamp() + 0.9)
        ids = made(home, [one], [], lambda: api)  # pyright: ignore[reportArgumentType, reportReturnType]
        assert ids == ({urn(NAMESPACE, "ns"): "m"} if found else {})

    def test_a_release_is_there_when_helm_has_a_record_of_it(self, home: Home) -> None:
        api = FakeApi()
        one = begun(RELEASE, "r", identity={"name": "r", "namespace": "n"}, at=0.0)
        assert made(home, [one], [], lambda: api) == {}  # pyright: ignore[reportArgumentType, reportReturnType]


class TestWhatTheStateBecomes:
    def test_a_pending_create_becomes_the_resource_with_its_own_inputs(self) -> None:
        pending = {**resource("net"), "inputs": {"cidrBlock": "10.0.0.0/16"}, "parent": urn("p:i:C", "c")}
        del pending["id"]
        deployment = {
            "resources": [resource("c", "p:i:C")],
            "pending_operations": [{"type": "creating", "resource": pending}],
        }
        result = recover(deployment, [begun()], {urn(VPC, "net"): "vpc-1"})
        assert result.deployment["resources"][1] == {
            **pending,
            "id": "vpc-1",
            "outputs": {"cidrBlock": "10.0.0.0/16"},
        }
        assert "pending_operations" not in result.deployment
        assert (result.adopted, result.targets) == ((urn(VPC, "net"),), (urn(VPC, "net"),))

    def test_a_pending_create_that_made_nothing_is_dropped(self) -> None:
        pending = {"type": "creating", "resource": resource("net")}
        result = recover({"resources": [], "pending_operations": [pending]}, [begun()], {})
        assert result.deployment == {"resources": []}
        assert result.targets == ()

    def test_what_an_update_or_a_delete_may_have_changed_is_read_again(self) -> None:
        resources = [resource("a"), resource("b"), resource("c")]
        pending = [
            {"type": "updating", "resource": resources[0]},
            {"type": "deleting", "resource": resources[1]},
        ]
        lost = begun(name="c", verb="update")
        answered = begun(name="d", verb="update", answered=True)
        result = recover({"resources": resources, "pending_operations": pending}, [lost, answered], {})
        assert result.targets == tuple(urn(VPC, name) for name in "abc")
        assert result.deployment["resources"] == resources

    def test_a_lost_answer_gives_a_resource_that_needs_everything_so_that_it_goes_first(self) -> None:
        provider = resource("aws", "pulumi:providers:aws", id="id")
        resources = [provider, resource("a"), resource("old", delete=True)]
        result = recover({"resources": resources}, [begun()], {urn(VPC, "net"): "vpc-1"})
        new = result.deployment["resources"][-1]
        assert (new["id"], new["provider"]) == ("vpc-1", PROVIDER)
        assert new["dependencies"] == [provider["urn"], urn(VPC, "a")]

    def test_the_old_one_of_a_replacement_waits_for_its_deletion(self) -> None:
        dependant = resource("subnet", dependencies=[urn(VPC, "net")])
        result = recover({"resources": [resource("net"), dependant]}, [begun()], {urn(VPC, "net"): "vpc-2"})
        rows = [(one["id"], one.get("delete")) for one in result.deployment["resources"]]
        assert sorted(rows) == [("net-id", True), ("subnet-id", None), ("vpc-2", None)]
        assert [row[0] for row in rows].index("vpc-2") < [row[0] for row in rows].index("subnet-id")

    def test_the_old_one_of_a_replacement_that_was_deleted_first_goes(self) -> None:
        old = resource("net", pendingReplacement=True)
        result = recover({"resources": [old]}, [begun()], {urn(VPC, "net"): "net-id"})
        assert [one.get("pendingReplacement") for one in result.deployment["resources"]] == [None]

    def test_what_an_interrupted_recovery_was_to_read_is_read(self) -> None:
        result = recover({"resources": [resource("a")]}, [], {}, earlier=[urn(VPC, "a"), urn(VPC, "gone")])
        assert result.targets == (urn(VPC, "a"),)


def test_resources_come_behind_what_they_need_and_stay_in_order_otherwise() -> None:
    rows = [
        resource("c", parent=urn(VPC, "d")),
        resource("b", propertyDependencies={"x": [urn(VPC, "e")], "y": None}),
        resource("a", provider=f"{urn('pulumi:providers:aws', 'aws')}::id"),
        resource("d"),
        resource("e", dependencies=[urn(VPC, "outside")]),
        resource("aws", "pulumi:providers:aws"),
    ]
    assert [one["id"][:-3] for one in in_order(rows)] == ["d", "c", "e", "b", "aws", "a"]
