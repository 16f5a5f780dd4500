"""Checks Kubernetes objects against the published OpenAPI schemas, strictly and with no cluster."""

import functools
import importlib.resources
import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any, cast

import jsonschema
import referencing
from jsonschema.exceptions import ValidationError

from localcloud.kube.fields import at
from localcloud.kube.kinds import is_builtin
from localcloud.providers.protocol import UNKNOWN, CheckFailure

SCHEMA_VERSION = "1.35"
"""Kubernetes version of the schemas: that of the local cloud's API server."""

_FOLDER = f"v{SCHEMA_VERSION}.0-local-strict"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_COMMON_CUSTOM = ("apiVersion", "kind", "metadata")
_lock = threading.Lock()


def path_text(path: Iterable[Any]) -> str:
    """A property path in Pulumi's spelling: ``spec.containers[0].env``, ``data["a.b"]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(part)):
            text += f".{part}" if text else str(part)
        else:
            text += f'["{part}"]'
    return text


def check_object(inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Faults of an object's shape: unknown or mistyped fields, bad enum values, missing required fields."""
    failures = _check_name(inputs)
    validator = _validator(str(inputs.get("apiVersion")), str(inputs.get("kind")))
    if validator is None:
        return failures + _check_metadata(inputs)
    return failures + schema_failures(validator, inputs)


def check_patch(inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Like `check_object` for a ``…Patch`` resource, which may leave required fields out."""
    failures = [f for f in check_object(inputs) if "is a required property" not in f.reason]
    if not at(inputs, "metadata").get("name"):
        failures.append(CheckFailure("metadata.name", "is required in a Patch resource"))
    return failures


def schema_failures(validator: Any, value: Any) -> list[CheckFailure]:
    """What a JSON schema says about a value, leaving out what is said about unknown values."""
    failures: list[CheckFailure] = []
    errors = cast("Iterable[ValidationError]", validator.iter_errors(value))
    for error in sorted(errors, key=lambda e: [str(part) for part in e.absolute_path]):
        if _about_unknown(error):
            continue
        failures.append(CheckFailure(path_text(error.absolute_path), _message(error)))
    return failures


def _about_unknown(error: ValidationError) -> bool:
    if error.instance == UNKNOWN:
        return True
    # A value that fits none of several shapes may fail only for the unknown parts in it.
    return bool(error.context) and any(_about_unknown(cause) for cause in error.context)


def _message(error: ValidationError) -> str:
    """The reason without the value itself, which may be a secret."""
    schema = cast("Mapping[str, Any]", error.schema)
    match error.validator:
        case "type":
            wanted = cast("str | list[str]", error.validator_value)
            names = [wanted] if isinstance(wanted, str) else [name for name in wanted if name != "null"]
            return f"is a {_type_name(error.instance)}; expected {' or '.join(names)}"
        case "additionalProperties":
            known = set(cast("Mapping[str, Any]", at(schema, "properties")))
            unknown = sorted(set(cast("Mapping[str, Any]", error.instance)) - known)
            listed = ", ".join(repr(name) for name in unknown)
            return f"has unknown field{'s' if len(unknown) > 1 else ''} {listed}"
        case _:
            return error.message


def _type_name(value: object) -> str:
    match value:
        case str():
            return "string"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case _:
            return "mapping" if isinstance(value, Mapping) else "null"


def _check_name(inputs: Mapping[str, Any]) -> list[CheckFailure]:
    metadata = inputs.get("metadata")
    if not isinstance(metadata, Mapping):
        return []
    failures: list[CheckFailure] = []
    metadata = cast("Mapping[str, Any]", metadata)
    if metadata.get("generateName"):
        failures.append(CheckFailure("metadata.generateName", "is not supported with server-side apply"))
    name = metadata.get("name")
    roles = str(inputs.get("apiVersion")).startswith("rbac.authorization.k8s.io/")
    if isinstance(name, str) and name != UNKNOWN and not roles and not _NAME.fullmatch(name):
        reason = (
            f"is {name!r}; expected lower case letters, digits, '-' and '.', at most 253, "
            "starting and ending with a letter or digit"
        )
        failures.append(CheckFailure("metadata.name", reason))
    return failures


def _check_metadata(inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """A custom resource: its own fields are checked by the API server, which has the definition."""
    reference = "https://kubernetes.io/api/_definitions.json#/$defs/"
    schema = {"$ref": f"{reference}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    with _lock:
        validator = jsonschema.Draft202012Validator(schema, registry=_registry())
    return [
        CheckFailure(f"metadata.{failure.property}" if failure.property else "metadata", failure.reason)
        for failure in schema_failures(validator, at(inputs, "metadata"))
    ]


def _validator(api_version: str, kind: str) -> Any:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    if not is_builtin(api_version):
        return None
    with _lock:
        schema = _schema(f"{kind.lower()}-{group}.json")
        return schema and jsonschema.Draft202012Validator(schema, registry=_registry())


@functools.cache
def _schema(file: str) -> dict[str, Any] | None:
    path = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema" / _FOLDER / file
    return cast("dict[str, Any]", json.loads(path.read_text())) if path.is_file() else None


@functools.cache
def _registry() -> "referencing.Registry[Any]":
    schema = _schema("_definitions.json")
    assert schema is not None
    resource = referencing.Resource[Any].from_contents(schema)
    return referencing.Registry[Any]().with_resource(str(resource.id()), resource)
