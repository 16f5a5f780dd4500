"""Writes docs/configuration.md from the models: ``python -m config.reference > docs/configuration.md``."""

import sys
from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.area import Area, area_type, is_list, is_map, whole_type
from config.formats import expectation
from config.settings import Settings

_HEAD = """\
# Configuration

<!-- Generated from config/ by `python -m config.reference > docs/configuration.md`; do not edit. -->

A stack is configured in `Pulumi.<stack>.yaml`, under the namespace `inference-plane:` (only the region is
`aws:region`). `Pulumi.dev.yaml` is a complete example. Everything is checked before anything is built, and
all faults are reported at once.

Keys of an area are relative to it: `capacity.reservationId` of `gpuNodes` is written

```yaml
config:
  inference-plane:gpuNodes:
    capacity:
      reservationId: cr-0123456789abcdef0
```

or `pulumi config set --path gpuNodes.capacity.reservationId cr-0123456789abcdef0`. In `models`, `<key>` stands
for each model's key.
"""

_SECRETS = """\
## Secrets

Set them with `pulumi config set --secret <key> <value>`; in plain text they are refused, and they never become
part of the settings.

| Key | What it is |
|---|---|
| `vllmApiKey` | Key that clients send as a bearer token. An internet-facing load balancer needs one. |
| `s3AccessKeyId` | Id of a static access key for the bucket. Default: the role of the service account. |
| `s3SecretAccessKey` | Secret of that access key; give both or neither. |
"""

_HEADER = "| Key | Type | Default | What it is |\n|---|---|---|---|\n"


def reference() -> str:
    """The whole document."""
    plain: list[str] = []
    areas: list[str] = []
    for name, field in Settings.model_fields.items():
        key = field.alias or name
        model = area_type(field.annotation)
        if name.startswith("has_"):
            continue
        if model is None:
            plain.append(_row(key, field))
        else:
            by_key = is_map(field.annotation)
            lead = f"{_text(field.description)} " if by_key else ""
            note = " Required." if field.is_required() else ""
            text = f"## {key}\n\n{lead}{_text(model.__doc__)}{note}\n\n{_HEADER}"
            areas.append(text + "".join(_rows(model, "<key>." if by_key else "")))
    return "\n".join([_HEAD, "## Stack\n\n" + _HEADER + "".join(plain), _SECRETS, *areas])


def _rows(model: type[Area], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        inner = area_type(field.annotation)
        yield _row(key, field)
        if inner is not None:
            yield from _rows(inner, f"{key}{'[]' if is_list(field.annotation) else ''}.")


def _row(key: str, field: FieldInfo) -> str:
    annotation = whole_type(field)
    text = _text(field.description)
    if _needs_one(field):
        text += " At least one."
    if not is_map(field.annotation) and (expected := expectation(annotation)):
        # Outside of backticks, angle brackets are HTML and asterisks emphasis.
        text += f" Expected: {expected.replace('<', '&lt;').replace('*', chr(92) + '*')}"
    return f"| `{key}` | {_escape(_type(annotation))} | {_escape(_default(field))} | {_escape(text)} |\n"


def _needs_one(field: FieldInfo) -> bool:
    return any(isinstance(entry, MinLen) for entry in field.metadata)


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        bounds = arguments[1:]
        metadata = [part for entry in bounds for part in getattr(entry, "metadata", [entry])]
        low = next((entry.ge for entry in metadata if isinstance(entry, Ge)), None)
        high = next((entry.le for entry in metadata if isinstance(entry, Le)), None)
        span = f" {low} to {high}" if high is not None else f" {low} or more" if low is not None else ""
        return _type(arguments[0]) + span
    if origin is Literal:
        return " | ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "map"
    if isinstance(annotation, type):
        if issubclass(annotation, Area):
            return "map"
        return {"str": "string", "int": "integer", "bool": "boolean"}[annotation.__name__]
    return " | ".join(_type(argument) for argument in arguments if argument is not NoneType)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or isinstance(value, Area) or value == {} or value == ():
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"  # pyright: ignore[reportUnknownArgumentType] -- defaults are tuples of strings
    return f"`{value}`"


def _text(text: str | None) -> str:
    return " ".join((text or "").split())


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
