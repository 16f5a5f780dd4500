"""Tells the account which buckets hold objects: the objects are in moto alone, and are lost with the server."""

from localcloud.api.world import World
from localcloud.aws.rules.s3 import OBJECTS
from localcloud.aws.store import USER, Record, Store


def note_objects(world: World) -> None:
    """One object record for each bucket that holds objects, versions or delete markers, none for others.

    The first object stands for all: that there is one is what refuses the bucket's deletion.
    """
    type_ = OBJECTS[-1]
    noted = {one.state["bucket"]: one for one in world.store.all(type_) if one.origin == USER}
    held: dict[str, str] = {}
    for name, bucket in world.simulator.backend("s3").buckets.items():
        keys = list(bucket.keys.keys())
        if keys:
            held[name] = str(keys[0])
    for name in set(noted) - set(held):
        world.store.delete(type_, noted[name].id)
    for name in set(held) - set(noted):
        state = {"bucket": name, "key": held[name]}
        world.store.put(Record(type_, f"{name}/{held[name]}", "", {}, state, origin=USER))


def forget_objects(store: Store) -> None:
    """When a server starts: the objects of the one before it are gone."""
    with store.transaction():
        for one in store.all(OBJECTS[-1]):
            if one.origin == USER:
                store.delete(one.type, one.id)
