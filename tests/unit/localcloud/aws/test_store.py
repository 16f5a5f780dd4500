"""The store keeps what several processes and threads write, and nothing of what failed."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from localcloud.aws.store import Record, Store
from localcloud.home import PROJECT


def record(id_: str, name: str = "x", **state: object) -> Record:
    return Record("aws:ec2/vpc:Vpc", id_, name, {"a": 1}, dict(state))


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")
    store.put(record("vpc-1", "main", cidrBlock="10.0.0.0/16"))
    assert store.get("aws:ec2/vpc:Vpc", "vpc-1") == record("vpc-1", "main", cidrBlock="10.0.0.0/16")
    assert store.find("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    assert not store.find("aws:ec2/vpc:Vpc", cidrBlock="10.1.0.0/16")
    store.delete("aws:ec2/vpc:Vpc", "vpc-1")
    assert store.everything() == []


def test_a_changed_resource_keeps_its_place_among_the_others(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")
    for id_ in ("vpc-9", "vpc-1"):
        store.put(record(id_, "main"))
    store.put(record("vpc-9", "main", changed=True))
    assert [one.id for one in store.all("aws:ec2/vpc:Vpc")] == ["vpc-9", "vpc-1"]


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")

    def fail() -> None:
        with store.transaction():
            store.put(record("vpc-1"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    assert store.everything() == []


def test_writers_in_threads_and_processes_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "aws.sqlite3"
    store = Store(path)
    store.put(record("counter", value=0))

    def count() -> None:
        for _ in range(20):
            with store.transaction():
                found = store.get("aws:ec2/vpc:Vpc", "counter")
                assert found is not None
                store.put(record("counter", value=found.state["value"] + 1))
        store.close()

    program = (
        "import sys; from pathlib import Path; from localcloud.aws.store import Record, Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for _ in range(20):\n"
        "    with store.transaction():\n"
        "        found = store.get('aws:ec2/vpc:Vpc', 'counter')\n"
        "        state = {'value': found.state['value'] + 1}\n"
        "        store.put(Record('aws:ec2/vpc:Vpc', 'counter', 'x', {}, state))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(path)], cwd=PROJECT)
    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait(30) == 0
    found = store.get("aws:ec2/vpc:Vpc", "counter")
    assert found is not None
    assert found.state["value"] == 100


def test_a_transaction_reads_what_nobody_else_can_change_until_it_ends(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")
    store.put(record("counter", value=1))
    entered, order = threading.Event(), list[str]()

    def other() -> None:
        with store.transaction():
            entered.set()
            order.append("second")
            found = store.get("aws:ec2/vpc:Vpc", "counter")
            assert found is not None
            order.append(str(found.state["value"]))
        store.close()

    thread = threading.Thread(target=other)
    with store.transaction():
        thread.start()
        assert not entered.wait(0.1)
        store.put(record("counter", value=2))
        order.append("first")
    thread.join()
    assert order == ["first", "second", "2"]


def test_what_the_account_brings_is_renewed_and_what_a_program_took_over_stays(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")
    old = Record("aws:iam/role:Role", "old", "", {}, {}, origin="account")
    store.replace_origin("account", [old])
    store.put(Record("aws:iam/role:Role", "mine", "mine", {}, {"by": "stack"}))
    again = [Record("aws:iam/role:Role", name, "", {}, {}, origin="account") for name in ("new", "mine")]
    store.replace_origin("account", again)
    assert {(one.id, one.origin) for one in store.everything()} == {("new", "account"), ("mine", "stack")}


def test_the_feed_names_what_was_written_and_removed_since(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")
    start, found = store.changed_since(0)
    assert (start, found) == (0, [])
    for id_ in ("vpc-1", "vpc-2"):
        store.put(record(id_))
    after_two, found = store.changed_since(start)
    assert [id_ for _, id_ in found] == ["vpc-1", "vpc-2"]
    store.put(record("vpc-1", changed=True))
    store.delete("aws:ec2/vpc:Vpc", "vpc-2")
    latest, found = store.changed_since(after_two)
    assert [id_ for _, id_ in found] == ["vpc-1", "vpc-2"]
    assert store.changed_since(latest) == (latest, [])


def test_the_feed_is_silent_about_what_was_rolled_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "aws.sqlite3")

    def fail() -> None:
        with store.transaction():
            store.put(record("vpc-1"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert store.changed_since(0) == (0, [])
