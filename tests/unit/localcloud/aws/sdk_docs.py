"""What the installed SDK says about its types: their classes, their arguments and their import ids."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from localcloud.aws import shapes

# The tests read the SDK as the shapes do.
# pyright: reportPrivateUsage=false


@functools.cache
def resource_types() -> dict[str, tuple[str, str]]:
    """Module and class of every resource type, by token."""
    index = (shapes._sdk_folder() / "__init__.py").read_text()
    found: dict[str, tuple[str, str]] = {}
    for module, classes in re.findall(r'"fqn": "pulumi_aws\.?([\w.]*)",\s*"classes": {([^}]*)}', index):
        for token, name in re.findall(r'"(aws:[^"]+)": "(\w+)"', classes):
            found[token] = (module, name)
    return found


def arguments(token: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Path and text of every documented argument, nested ones included."""
    package, name = shapes._locate(token)
    source = shapes._resource_source(package, name)
    known = f"{name}Args" if f"\nclass {name}Args:" in source else f"{name}InitArgs"
    yield from _of_class(package, shapes._class_source(source, known), ())


def _of_class(
    package: Path, parsed: ast.ClassDef, before: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    init = next(node for node in parsed.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    text = ast.get_docstring(init) or ""
    wire = {getter.name: shapes._wire_name(getter) for getter in shapes._getters(parsed)}
    for argument in init.args.kwonlyargs:
        path = (*before, wire.get(argument.arg, argument.arg))
        said = re.search(rf":param [^:]*?\b{argument.arg}: (.*?)(?=\n:param|\Z)", text, re.DOTALL)
        if said:
            yield path, said.group(1)
        nested = re.search(r"'(\w+Args)'", ast.unparse(argument.annotation)) if argument.annotation else None
        inputs = shapes._read(package / "_inputs.py") if nested else ""
        if nested and len(path) < 5 and f"\nclass {nested.group(1)}:" in inputs:
            yield from _of_class(package, shapes._class_source(inputs, nested.group(1)), path)


def import_ids(token: str) -> list[str]:
    """The ids that the SDK's documentation imports a resource of the type by."""
    package, name = shapes._locate(token)
    source = shapes._resource_source(package, name)
    return sorted(set(re.findall(r"\$ pulumi import \S+ \S+ (\S+)", source)))
