"""Typed objects, custom resources and ``…Patch`` resources: everything that is one Kubernetes object."""

import secrets
import time
from collections.abc import Mapping
from typing import Any, cast

from localcloud.kube import awaiting, kinds, objects, readiness, shapes
from localcloud.kube.api import Api, ApiError, NoSuchKindError, Object, UnreachableError
from localcloud.kube.fields import annotation, at
from localcloud.kube.session import Session
from localcloud.providers.protocol import (
    UNKNOWN,
    CheckFailure,
    Diff,
    PartialFailureError,
    Properties,
    ProviderError,
)

FIELD_MANAGER = "pulumi-kubernetes"
"""Field manager of every object that this provider owns."""

_PATCH_FORCE = "pulumi.com/patchForce"
_PATCH_MANAGER = "pulumi.com/patchFieldManager"
_KIND_RETRY_SECONDS = 10
_MANAGER_KEY = "__fieldManager"
_NEVER_SENT = ("status", _MANAGER_KEY)
_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def with_secrets(state: Properties) -> Properties:
    """A Secret's state with its contents marked secret, also where the program forgot to."""
    if (state.get("apiVersion"), state.get("kind")) != ("v1", "Secret"):
        return state
    return {
        key: {**_SECRET, "value": value} if key in ("data", "stringData") and value != UNKNOWN else value
        for key, value in state.items()
    }


class TypedObjects:
    """Check, diff and life cycle of single objects."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(
        self, type_: str, name: str, old: Properties, new: Properties
    ) -> tuple[Properties, list[CheckFailure]]:
        """Fill in apiVersion, kind, name and the provider's namespace, and check the shape."""
        try:
            api_version, kind = kinds.api_version_and_kind(type_)
        except ValueError:
            return new, [CheckFailure("", f"the local cloud's kubernetes provider has no resource {type_}")]
        if kind.endswith("List") and kinds.is_builtin(api_version):
            return new, [CheckFailure("kind", f"{kind} cannot be created: register its items one by one")]
        patch = kinds.is_patch(api_version, kind)
        own_kind = kind.removesuffix("Patch") if patch else kind
        inputs: Properties = {**new, "apiVersion": api_version, "kind": own_kind}
        failures: list[CheckFailure] = []
        for key, wanted in (("apiVersion", api_version), ("kind", own_kind)):
            if new.get(key) not in (None, wanted, UNKNOWN):
                failures.append(CheckFailure(key, f"is {new[key]!r}; {type_} is {wanted}"))
        if isinstance(new.get("metadata"), Mapping | None):
            inputs["metadata"] = self._metadata(name, old, new, api_version, own_kind, patch=patch)
        shaped = cast("dict[str, Any]", objects.to_api(inputs))
        failures += shapes.check_patch(shaped) if patch else shapes.check_object(shaped)
        return inputs, failures

    def _metadata(
        self, name: str, old: Properties, new: Properties, api_version: str, kind: str, *, patch: bool
    ) -> dict[str, Any]:
        metadata = {**at(new, "metadata")}
        if not metadata.get("name") and not metadata.get("generateName") and not patch:
            before = cast("Mapping[str, Any]", at(old, "metadata"))
            named = at(before, "annotations").get(objects.AUTONAMED) == "true"
            metadata["name"] = before["name"] if named else f"{name}-{secrets.token_hex(4)}"
            metadata["annotations"] = {**at(metadata, "annotations"), objects.AUTONAMED: "true"}
        scoped = kind in kinds.CLUSTER_SCOPED and kinds.is_builtin(api_version)
        if self._session.namespace and not metadata.get("namespace") and not scoped:
            metadata["namespace"] = self._session.namespace
        return metadata

    def diff(self, type_: str, id_: str, old_inputs: Properties, new: Properties) -> Diff:
        """Changed fields; identity and immutable ones replace, the old object first when the name stays."""
        old, wanted = _placed(old_inputs), _placed(new)
        forced = kinds.force_new(
            new,
            mutable_secrets=self._session.mutable_secrets,
            mutable_config_maps=self._session.mutable_config_maps,
        )
        if self._is_patch(type_):
            forced = ["metadata.name", "metadata.namespace"]
        changes = objects.differences(old, wanted, forced)
        autonamed = at(wanted["metadata"], "annotations").get(objects.AUTONAMED) == "true"
        same_place = all(
            old["metadata"].get(part) == wanted["metadata"].get(part) for part in ("name", "namespace")
        )
        return Diff(
            tuple(changes),
            delete_before_replace=any(c.replace for c in changes) and same_place and not autonamed,
        )

    def create(
        self, type_: str, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """Refuse an object that exists, apply it, and wait until it is ready."""
        if preview:
            return "", with_secrets(inputs)
        api = self._session.api()
        body = self._body(inputs)
        id_ = self._place(api, body)
        patch = self._is_patch(type_)
        if not patch and not self._session.upsert:
            self._refuse_existing(api, body)
        manager = _manager(body, {}, patch=patch)
        live = self._apply(api, body, manager)
        state = self._awaited(api, id_, live, inputs, timeout)
        return id_, {**state, _MANAGER_KEY: manager} if patch else state

    def _refuse_existing(self, api: Api, body: Object) -> None:
        metadata = body["metadata"]
        found = api.get(body["apiVersion"], body["kind"], metadata.get("namespace") or "", metadata["name"])
        if found is None:
            return
        if found["metadata"].get("deletionTimestamp"):
            raise ProviderError(
                f"{objects.described(found)} already exists and is being deleted: {awaiting.why_still_there(found)}"
            )
        raise ProviderError(
            f"{objects.described(found)} already exists and is not managed by this stack: delete or rename it, "
            "import it with `pulumi import`, or share it with a Patch resource"
        )

    def read(
        self, type_: str, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The live object; its inputs are the live state restricted to the fields we set."""
        api_version, kind = kinds.api_version_and_kind(type_)
        kind = kind.removesuffix("Patch") if self._is_patch(type_) else kind
        namespace, _, name = id_.rpartition("/")
        try:
            live = self._session.api().get(api_version, kind, namespace, name)
        except UnreachableError:
            if self._session.skip_unreachable:
                return id_, inputs, state
            raise
        if live is None:
            return None
        kept = objects.live_inputs(live, inputs) if inputs else _importable(live)
        fresh = with_secrets(objects.without_bookkeeping(live))
        if _MANAGER_KEY in state:
            fresh[_MANAGER_KEY] = state[_MANAGER_KEY]
        return id_, with_secrets(kept), fresh

    def update(
        self, type_: str, id_: str, state: Properties, new: Properties, *, preview: bool, timeout: float
    ) -> Properties:
        """Apply the new fields; what we no longer set, server-side apply takes away."""
        if preview:
            kept = {key: value for key, value in state.items() if key == "status"}
            return with_secrets({**kept, **new})
        api = self._session.api()
        body = self._body(new)
        self._place(api, body)
        patch = self._is_patch(type_)
        manager = _manager(body, state, patch=patch)
        live = self._apply(api, body, manager)
        fresh = self._awaited(api, id_, live, new, timeout)
        return {**fresh, _MANAGER_KEY: manager} if patch else fresh

    def delete(self, type_: str, id_: str, state: Properties, *, timeout: float) -> None:
        """Delete in the foreground and wait until the object is gone, finalizers included."""
        api_version, kind = kinds.api_version_and_kind(type_)
        try:
            api = self._session.api()
            if self._is_patch(type_):
                self._release_fields(api, state)
                return
            namespace, _, object_name = id_.rpartition("/")
            live = api.get(api_version, kind, namespace, object_name)
            if live is None:
                return
            api.delete(api_version, kind, namespace, object_name)
            if annotation(live, awaiting.SKIP_AWAIT) == "true":
                return
            seconds = _seconds(live, timeout)
            left = awaiting.wait_gone(api, [live], seconds)
        except UnreachableError:
            if self._session.delete_unreachable:
                return
            raise
        if left:
            raise ProviderError(f"not gone within {seconds:.0f} s: {awaiting.why_still_there(left[0])}")

    def _release_fields(self, api: Api, state: Properties) -> None:
        """Give up the fields of a Patch resource; the object itself belongs to somebody else."""
        metadata = state["metadata"]
        namespace = metadata.get("namespace") or ""
        if api.get(state["apiVersion"], state["kind"], namespace, metadata["name"]) is None:
            return
        identity = {k: metadata[k] for k in ("name", "namespace") if metadata.get(k)}
        body = {"apiVersion": state["apiVersion"], "kind": state["kind"], "metadata": identity}
        api.apply(body, _manager(state, state, patch=True))

    def _is_patch(self, type_: str) -> bool:
        return kinds.is_patch(*kinds.api_version_and_kind(type_))

    def _body(self, inputs: Properties) -> Object:
        return cast("Object", objects.to_api({k: v for k, v in inputs.items() if k not in _NEVER_SENT}))

    def _place(self, api: Api, body: Object) -> str:
        """Settle the namespace and return the id; a definition that was installed a moment ago may need a moment."""
        deadline = time.monotonic() + _KIND_RETRY_SECONDS
        while True:
            try:
                _, namespaced = api.resource(body["apiVersion"], body["kind"])
                break
            except NoSuchKindError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
        if namespaced:
            body["metadata"]["namespace"] = body["metadata"].get("namespace") or "default"
        else:
            body["metadata"].pop("namespace", None)
        return objects.identity(body)

    def _apply(self, api: Api, body: Object, manager: str) -> Object:
        force = self._session.patch_force or annotation(body, _PATCH_FORCE) == "true"
        try:
            return api.apply(body, manager, force=force)
        except ApiError as error:
            message = objects.scrubbed(str(error), body)
            if error.status == 409 and "conflict" in message:
                message += f'; annotate the object with {_PATCH_FORCE}: "true" to take these fields over'
            raise ProviderError(f"{objects.described(body)}: {message}") from None

    def _awaited(self, api: Api, id_: str, live: Object, inputs: Properties, timeout: float) -> Properties:
        if annotation(live, awaiting.SKIP_AWAIT) != "true":
            try:
                live = awaiting.wait_ready(api, live, _seconds(live, timeout))
            except (awaiting.TimedOutError, readiness.FailedError) as error:
                state = with_secrets(objects.without_bookkeeping(live))
                raise PartialFailureError(str(error), id_, state, with_secrets(inputs)) from None
        return with_secrets(objects.without_bookkeeping(live))


def _seconds(live: Mapping[str, Any], timeout: float) -> float:
    annotated = annotation(live, awaiting.TIMEOUT_SECONDS)
    if timeout > 0:
        return timeout
    return float(annotated) if annotated.isdigit() else awaiting.DEFAULT_TIMEOUT


def _manager(inputs: Mapping[str, Any], state: Mapping[str, Any], *, patch: bool) -> str:
    """The field manager: one for our own objects, one per Patch resource so that two of them can share an object."""
    chosen = annotation(inputs, _PATCH_MANAGER) or state.get(_MANAGER_KEY)
    return str(chosen or (f"{FIELD_MANAGER}-{secrets.token_hex(4)}" if patch else FIELD_MANAGER))


def _placed(inputs: Properties) -> dict[str, Any]:
    """Inputs with the namespace written out, so that ``default`` and none are the same."""
    metadata = {**at(inputs, "metadata")}
    metadata["namespace"] = metadata.get("namespace") or "default"
    kept = {key: value for key, value in inputs.items() if key not in _NEVER_SENT}
    return {**kept, "metadata": metadata}


def _importable(live: Object) -> Properties:
    """Inputs for an object that is being imported: its live state without what the API server adds."""
    added = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
    metadata = {key: value for key, value in live["metadata"].items() if key not in added}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
