"""A release's inputs: what is refused before Helm is asked, and the flags that they become."""

import functools
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from localcloud.kube import shapes
from localcloud.kube.fields import at
from localcloud.kube.session import wire_names
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties, WithNulls, without_nulls

DEFAULT_TIMEOUT = 300
"""Seconds for installing, upgrading or uninstalling, as in the published provider."""

_REFUSED = ("keyring", "verify", "valueYamlFiles")
_FLAGS = {
    "atomic": "--atomic",
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "dependencyUpdate": "--dependency-update",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "renderSubchartNotes": "--render-subchart-notes",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
}
_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "str": (str,), "Mapping": (dict,)}


@functools.cache
def _input_types() -> dict[str, str]:
    """Input names of the installed SDK's Release and the Python type each one wants."""
    from pulumi_kubernetes.helm.v3 import ReleaseArgs

    found: dict[str, str] = {}
    for name, parameter in inspect.signature(ReleaseArgs).parameters.items():
        if name == "__self__":
            continue
        wanted = re.search(r"\b(bool|int|str|Mapping|Sequence)\b", str(parameter.annotation))
        wire = re.sub(r"_([a-z])", lambda m: m.group(1).upper(), name)
        found[{"disableCrdHooks": "disableCRDHooks"}.get(wire, wire)] = wanted.group(1) if wanted else ""
    return found


def check_inputs(inputs: Properties) -> list[CheckFailure]:
    """Faults of the inputs themselves: unknown, mistyped, missing, or not offered here."""
    types = _input_types()
    failures = [
        CheckFailure(key, "is no input of helm.sh/v3:Release") for key in sorted(set(inputs) - set(types))
    ]
    if not inputs.get("chart"):
        failures.append(CheckFailure("chart", "is required"))
    for key, value in inputs.items():
        wanted = _TYPES.get(types.get(key, ""))
        if wanted is None or value is None or value == UNKNOWN:
            continue
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            failures.append(CheckFailure(key, f"is {value!r}; expected {types[key]}"))
    failures += [
        CheckFailure(key, "is not offered by the local cloud") for key in _REFUSED if inputs.get(key)
    ]
    repository = inputs.get("repositoryOpts")
    if isinstance(repository, Mapping):
        from pulumi_kubernetes.helm.v3 import RepositoryOptsArgs

        for key in sorted(set(cast("Mapping[str, Any]", repository)) - wire_names(RepositoryOptsArgs)):
            failures.append(CheckFailure(f"repositoryOpts.{key}", "is no field of repositoryOpts"))
    return failures


def with_meant_nulls(inputs: Mapping[str, Any]) -> Properties:
    """Inputs whose values keep their nulls if `allowNullValues` says that these are meant, and lose them otherwise.

    As the published provider does it. To Helm, a null removes the chart's default.
    """
    result = dict(inputs)
    values = result.get("values")
    if isinstance(values, Mapping):
        given = cast("Mapping[str, Any]", values)
        result["values"] = (
            WithNulls(given) if result.get("allowNullValues") is True else without_nulls(dict(given))
        )
    return result


def check_values(chart: Path, values: Mapping[str, Any]) -> list[CheckFailure]:
    """What the chart's values.schema.json says about values that are partly unknown."""
    schema_file, defaults_file = chart / "values.schema.json", chart / "values.yaml"
    if not schema_file.is_file():
        return []
    defaults: object = yaml.safe_load(defaults_file.read_text()) if defaults_file.is_file() else None
    schema = json.loads(schema_file.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    return shapes.schema_failures(validator, merged(at(defaults), values))


def merged(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A chart's defaults overlaid with values as Helm does it: mappings merge, null removes, the rest replaces."""
    result = dict(defaults)
    for key, value in values.items():
        under = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(under, Mapping):
            result[key] = merged(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value))
        else:
            result[key] = value
    return result


def flags(inputs: Mapping[str, Any]) -> list[str]:
    """The flags of ``helm upgrade`` that the inputs ask for."""
    chosen = [flag for key, flag in _FLAGS.items() if inputs.get(key) is True]
    if inputs.get("atomic") or not inputs.get("skipAwait"):
        chosen.append("--wait")
        if inputs.get("waitForJobs"):
            chosen.append("--wait-for-jobs")
    if inputs.get("maxHistory") is not None:
        chosen += ["--history-max", str(inputs["maxHistory"])]
    if inputs.get("description"):
        chosen += ["--description", str(inputs["description"])]
    if inputs.get("postrender"):
        chosen += ["--post-renderer", str(inputs["postrender"])]
    return chosen


def deadline_seconds(inputs: Mapping[str, Any], timeout: float) -> float:
    """Seconds Helm has: ``customTimeouts`` if given, else the release's own ``timeout``."""
    return timeout if timeout > 0 else float(inputs.get("timeout") or DEFAULT_TIMEOUT)
