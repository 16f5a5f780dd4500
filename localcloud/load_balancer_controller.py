"""Stands in for the AWS Load Balancer Controller: Ingresses of the cluster, load balancers of the account."""

import datetime
import time
from collections.abc import Mapping
from typing import Any, Protocol

from localcloud.aws import load_balancing, vpc_view
from localcloud.aws.account import read_account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, load_rules
from localcloud.aws.store import Store
from localcloud.background import say
from localcloud.home import Home
from localcloud.kube import load_balancers
from localcloud.kube.api import Api, Object, patch_if_there
from localcloud.kube.fields import at, each
from localcloud.kube.load_balancer_settings import Settings, World
from localcloud.nodes import KubernetesCluster

_SECONDS = 60.0


class Collection(Protocol):
    """Objects of one kind, kept up to date by somebody else."""

    def all(self) -> list[Object]:
        """The objects as last seen."""
        ...

    def get(self, name: str, namespace: str = "") -> Object | None:
        """One object as last seen."""
        ...


class LoadBalancerController:
    """Makes, changes and removes what Ingresses ask for, and settles their finalizers and addresses."""

    def __init__(
        self,
        api: Api,
        home: Home,
        *,
        ingresses: Collection,
        classes: Collection,
        params: Collection,
        services: Collection,
        namespaces: Collection,
    ) -> None:
        load_rules()
        self._api = api
        self._home = home
        self._ingresses = ingresses
        self._classes = classes
        self._params = params
        self._services = services
        self._namespaces = namespaces
        self._events: dict[str, str] = {}

    def reconcile(self, settings: Settings) -> bool:
        """Bring every group to where it should be; False when one must be tried again."""
        ingresses = self._ingresses.all()
        if not ingresses:
            return True
        store = Store(self._home.aws_state)
        try:
            groups = load_balancers.reconcile(ingresses, settings, self._world(store, settings))
            call = self._call(store)
            done = True
            for one in groups:  # one group's trouble does not keep the others from their turn
                done = self._settle(call, settings, one) and done
            return done
        finally:
            store.close()

    def _call(self, store: Store) -> Call:
        account = read_account(self._home.account_file)
        cluster = KubernetesCluster(self._home, self._api)
        return Call(store, account, self._home, cluster, account.region, time.monotonic() + _SECONDS)

    def _world(self, store: Store, settings: Settings) -> World:
        def present(stack: str, scheme: str) -> tuple[str, ...]:
            found = load_balancing.present(store, settings.cluster_name, stack)
            same = found is not None and found.state.get("internal") is (scheme == "internal")
            return tuple(found.state.get("subnets") or ()) if found and same else ()

        return World(
            classes={one["metadata"]["name"]: one for one in self._classes.all()},
            params={one["metadata"]["name"]: one for one in self._params.all()},
            namespace_labels=lambda name: at(self._namespaces.get(name), "metadata", "labels"),
            service=lambda namespace, name: self._services.get(name, namespace),
            certificate_names=lambda: vpc_view.certificate_names(store),
            subnets=lambda: vpc_view.subnets(store, settings.vpc_id),
            present=present,
        )

    def _settle(self, call: Call, settings: Settings, group: load_balancers.Group) -> bool:
        """Finalizers first, then the load balancer, then those that leave, and addresses last."""
        if group.unknown:
            return True
        for change in group.members:
            self._finalizers(change)
        if group.problem:
            for change in group.members:
                self._event(change.ingress, "FailedBuildModel", f"Failed build model due to {group.problem}")
            return False
        try:
            self._deploy(call, settings, group)
        except AwsError as error:
            for change in (*group.members, *group.leaving):
                self._event(change.ingress, "FailedDeployModel", f"Failed deploy model due to {error}")
            return False
        for change in group.leaving:
            self._finalizers(change)
        for change in group.members:
            assert group.model is not None
            self._address(change.ingress, group.model.hostname)
        return True

    def _deploy(self, call: Call, settings: Settings, group: load_balancers.Group) -> None:
        if group.model is not None:
            load_balancing.deploy(call, group.model)
            return
        before = load_balancing.present(call.store, settings.cluster_name, group.stack)
        load_balancing.remove(call, settings.cluster_name, group.stack)
        if before:
            say(f"load balancer {before.state['name']} of {group.stack} is gone")
        if not self._backend_needed():
            load_balancing.release_backend(call, settings.cluster_name)

    def _backend_needed(self) -> bool:
        """Whether an Ingress that stays still has a load balancer."""
        return any(
            not one["metadata"].get("deletionTimestamp")
            and any(load_balancers.is_ours(str(held)) for held in one["metadata"].get("finalizers") or ())
            for one in self._ingresses.all()
        )

    def _path(self, ingress: Mapping[str, Any]) -> str:
        metadata = ingress["metadata"]
        return self._api.path("networking.k8s.io/v1", "Ingress", metadata["namespace"], metadata["name"])

    def _finalizers(self, change: load_balancers.Change) -> None:
        metadata = change.ingress["metadata"]
        if set(change.finalizers) == set(metadata.get("finalizers") or ()):
            return
        # The version makes it fail, and come back, if somebody else changed the list meanwhile.
        body = {
            "finalizers": list(change.finalizers),
            "resourceVersion": metadata["resourceVersion"],
        }
        patch_if_there(self._api, self._path(change.ingress), {"metadata": body})

    def _address(self, ingress: Mapping[str, Any], hostname: str) -> None:
        shown = each(ingress, "status", "loadBalancer", "ingress")
        if [entry.get("hostname") for entry in shown] != [hostname]:
            address = {"status": {"loadBalancer": {"ingress": [{"hostname": hostname}]}}}
            patch_if_there(self._api, f"{self._path(ingress)}/status", address)
            say(f"ingress {_name(ingress)}: {hostname}")
        self._event(ingress, "SuccessfullyReconciled", "Successfully reconciled")

    def _event(self, ingress: Mapping[str, Any], reason: str, message: str) -> None:
        """Record an event once per Ingress and message."""
        metadata = ingress["metadata"]
        if self._events.get(metadata["uid"]) == message:
            return
        self._api.request(
            "POST",
            self._api.path("v1", "Event", metadata["namespace"]),
            None,
            _event(ingress, reason, message),
        )
        self._events[metadata["uid"]] = message
        say(f"ingress {_name(ingress)}: {reason}: {message}")


def _name(ingress: Mapping[str, Any]) -> str:
    return f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"


def _event(ingress: Mapping[str, Any], reason: str, message: str) -> Object:
    metadata = ingress["metadata"]
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if reason.startswith("Failed") else "Normal",
        "source": {"component": "ingress"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
