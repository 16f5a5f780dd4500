"""What every AWS resource type takes and gives, read from the installed pulumi_aws SDK and botocore's models.

The SDK's sources are parsed, not imported: one resource type costs milliseconds, and nothing is written by
hand. Derived shapes are kept per SDK version in the user's cache folder.
"""

import ast
import functools
import hashlib
import importlib.util
import json
import os
import re
import secrets
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from localcloud.aws import enums, types
from localcloud.aws.enums import api_enums
from localcloud.aws.types import Field, Shape, Type

_SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


class UnknownTypeError(Exception):
    """The installed SDK has no such resource type."""


@functools.cache
def shape_of(token: str) -> Shape:
    """The shape of a resource type such as ``aws:ec2/vpc:Vpc``."""
    cached = _cache_folder() / f"{re.sub(r'[^A-Za-z0-9]+', '-', token)}.json"
    try:
        return _shape_from_json(token, json.loads(cached.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    shape = derive(token)
    cached.parent.mkdir(parents=True, exist_ok=True)
    draft = cached.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    draft.write_text(json.dumps(_shape_to_json(shape), separators=(",", ":")))
    draft.replace(cached)
    return shape


def derive(token: str) -> Shape:
    """The shape of a resource type, read from the SDK without the cache."""
    package, name = _locate(token)
    source = _resource_source(package, name)
    reader = _Reader(package)
    # The generator says InitArgs where a nested type has the plain name.
    arguments = f"{name}Args" if f"\nclass {name}Args:" in source else f"{name}InitArgs"
    inputs = reader.arguments(_class_source(source, arguments))
    outputs: dict[str, Field] = {}
    for function in _getters(_class_source(source, name)):
        outputs[_wire_name(function)] = _output(function.returns)
    return Shape(token, api_enums(token, inputs), outputs)


def sdk_version() -> str:
    """Version of the installed pulumi_aws SDK."""
    return metadata.version("pulumi-aws")


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "inference-plane" / "aws-shapes" / f"{sdk_version()}-{_derivation()}"


@functools.cache
def _derivation() -> str:
    """A key of how shapes are derived: another botocore or a change of this code derives them anew."""
    sources = [Path(str(module.__file__)).read_bytes() for module in (enums, types)]
    own = Path(__file__).read_bytes()
    version = metadata.version("botocore").encode()
    return hashlib.sha256(b"".join([version, own, *sources])).hexdigest()[:12]


@functools.cache
def _sdk_folder() -> Path:
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or not spec.submodule_search_locations:
        raise UnknownTypeError("the pulumi_aws SDK is not installed")
    return Path(spec.submodule_search_locations[0])


@functools.cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _locate(token: str) -> tuple[Path, str]:
    """Package folder and class name of a resource type."""
    index = _read(_sdk_folder() / "__init__.py")
    found = re.search(
        rf'"fqn": "pulumi_aws\.?([\w.]*)",\s*"classes": {{[^}}]*"{re.escape(token)}": "(\w+)"', index
    )
    if found is None:
        raise UnknownTypeError(f"pulumi_aws {sdk_version()} has no resource type {token}")
    return _sdk_folder().joinpath(*found.group(1).split(".")), found.group(2)


def _resource_source(package: Path, name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    marker = f"\nclass {name}(pulumi.CustomResource):"
    candidates = [package / f"{snake}.py", *sorted(package.glob("*.py"))]
    for path in candidates:
        if path.exists() and marker in _read(path):
            return _read(path)
    raise UnknownTypeError(f"{package.name}.{name} is not in the installed pulumi_aws SDK")


def _class_source(source: str, name: str) -> ast.ClassDef:
    """The parsed class, without parsing its (very long) module."""
    start = re.search(rf"^class {name}\b", source, re.MULTILINE)
    if start is None:
        raise UnknownTypeError(f"class {name} is not in the installed pulumi_aws SDK")
    end = re.compile(r"^\S", re.MULTILINE).search(source, start.end())
    parsed = ast.parse(source[start.start() : end.start() if end else len(source)]).body[0]
    assert isinstance(parsed, ast.ClassDef)
    return parsed


def _getters(parsed: ast.ClassDef) -> list[ast.FunctionDef]:
    return [
        node
        for node in parsed.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(decorator).startswith("pulumi.getter") for decorator in node.decorator_list)
    ]


def _wire_name(function: ast.FunctionDef) -> str:
    """camelCase name of a property function."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and decorator.keywords:
            value = decorator.keywords[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value
    return function.name


def _output(annotation: ast.expr | None) -> Field:
    """An output's type, no deeper than list or map."""
    required = True
    while isinstance(annotation, ast.Subscript):
        head = ast.unparse(annotation.value).rsplit(".", 1)[-1]
        if head in ("Sequence", "Mapping"):
            return Field(Type("list" if head == "Sequence" else "map"), required)
        required = required and head != "Optional"
        annotation = annotation.slice
    name = ast.unparse(annotation).rsplit(".", 1)[-1] if annotation else ""
    return Field(Type(_SCALARS.get(name, "any")), required)


class _Reader:
    """Reads argument classes of one SDK package, nested ones included."""

    def __init__(self, package: Path) -> None:
        self._package = package
        self._open: list[str] = []

    def arguments(self, parsed: ast.ClassDef) -> dict[str, Field]:
        """Fields of an argument class."""
        names = {function.name: _wire_name(function) for function in _getters(parsed)}
        init = next(
            node for node in parsed.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
        )
        fields: dict[str, Field] = {}
        for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True):
            if argument.annotation is not None:
                fields[names.get(argument.arg, argument.arg)] = Field(
                    self._type(argument.annotation), required=default is None
                )
        return fields

    def _type(self, annotation: ast.expr) -> Type:
        match annotation:
            case ast.Constant(value=str(reference)):
                return self._reference(reference)
            case ast.Subscript(value=head, slice=inner):
                return self._generic(ast.unparse(head).rsplit(".", 1)[-1], inner)
            case _:
                return Type(_SCALARS.get(ast.unparse(annotation).rsplit(".", 1)[-1], "any"))

    def _generic(self, head: str, inner: ast.expr) -> Type:
        match head:
            case "Input" | "Optional":
                return self._type(inner)
            case "Sequence":
                return Type("list", self._type(inner))
            case "Mapping":
                assert isinstance(inner, ast.Tuple)
                return Type("map", self._type(inner.elts[1]))
            case "Union":
                assert isinstance(inner, ast.Tuple)
                options = [self._type(option) for option in inner.elts]
                named = [option for option in options if option.values]
                return named[0] if named else options[0] if options[0].kind == "string" else Type("any")
            case _:
                return Type("any")

    def _reference(self, reference: str) -> Type:
        module, _, name = reference.rpartition(".")
        package = self._package.parent / module.lstrip("_") if module else self._package
        enumerated = _enum_values(package, name)
        if enumerated:
            return Type("string", values=enumerated)
        inputs = package / "_inputs.py"
        if reference in self._open or not inputs.exists() or f"\nclass {name}:" not in _read(inputs):
            return Type("any")  # a type that holds itself, or a document class that is JSON on the wire
        reader = _Reader(package)
        reader._open = [*self._open, reference]
        return Type("object", fields=reader.arguments(_class_source(_read(inputs), name)))


def _enum_values(package: Path, name: str) -> tuple[str, ...]:
    # The SDK's list of instance types is older than the instances; the account file decides about them.
    if name in ("InstanceType", "ProtocolType") or not (package / "_enums.py").exists():
        return ()
    source = _read(package / "_enums.py")
    if f"\nclass {name}(" not in source:
        return ()
    return tuple(
        node.value.value
        for node in _class_source(source, name).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _shape_to_json(shape: Shape) -> dict[str, Any]:
    return {"inputs": _fields_to_json(shape.inputs), "outputs": _fields_to_json(shape.outputs)}


def _fields_to_json(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {name: [_type_to_json(field.type), field.required] for name, field in fields.items()}


def _type_to_json(type_: Type) -> list[Any]:
    return [
        type_.kind,
        _type_to_json(type_.item) if type_.item else None,
        _fields_to_json(type_.fields),
        list(type_.values),
    ]


def _shape_from_json(token: str, data: dict[str, Any]) -> Shape:
    return Shape(token, _fields_from_json(data["inputs"]), _fields_from_json(data["outputs"]))


def _fields_from_json(data: dict[str, Any]) -> dict[str, Field]:
    return {name: Field(_type_from_json(type_), required) for name, (type_, required) in data.items()}


def _type_from_json(data: list[Any]) -> Type:
    kind, item, fields, values = data
    return Type(kind, _type_from_json(item) if item else None, _fields_from_json(fields), tuple(values))
