"""What changes between two sets of inputs, and which changes replace a resource.

`localcloud.aws.classification` says what a change of each input does, `localcloud.aws.provider_schemas` which
lists are sets, and `localcloud.aws.equivalence` which texts mean the same.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from localcloud.aws import conditions
from localcloud.aws.classification import Kind, class_at
from localcloud.aws.equivalence import same_text
from localcloud.aws.provider_schemas import is_set, keeps_its_value
from localcloud.aws.terraform_names import terraform_type
from localcloud.aws.types import Field, Shape, Type
from localcloud.providers.protocol import UNKNOWN, Change, Properties


class Step(NamedTuple):
    """One changed value: its path for people, and its path without indices and keys."""

    path: str
    plain: tuple[str, ...]
    kind: str


def changes(
    shape: Shape,
    old: Properties,
    new: Properties,
    *,
    defaults: Mapping[str, Any],
    state: Properties | None = None,
    identity: frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    """Changes from old inputs to new ones.

    ``defaults`` are values that the provider takes for missing inputs, by dotted path. ``state`` tells what AWS
    chose for inputs that were not given: to give the same now is no change. ``identity`` names the inputs that
    replace a resource of a type that was not measured.
    """
    return tuple(
        Change(step.path, step.kind, _replaces(shape.token, step, old, new, identity))
        for step in _Differ(shape, defaults, state or {}).steps(old, new)
    )


def _replaces(token: str, step: Step, old: Properties, new: Properties, identity: frozenset[str]) -> bool:
    known = class_at(token, step.plain)
    if known is not None and known.kind is Kind.CONDITIONAL:
        return conditions.replaces(token, ".".join(step.plain), old, new)
    if terraform_type(token) is None and step.plain[0] != "region":
        return step.plain[0] in identity
    return known is not None and known.kind is Kind.REPLACE


class _Differ:
    def __init__(self, shape: Shape, defaults: Mapping[str, Any], state: Properties) -> None:
        self._shape = shape
        self._defaults = defaults
        self._state = state

    def steps(self, old: Properties, new: Properties) -> Iterator[Step]:
        """Every changed value."""
        fields = {**self._shape.inputs, "tagsAll": Field(Type("map", Type("string")), required=False)}
        for name in sorted({*old, *new}):
            if not name.startswith("__"):
                field = fields.get(name)
                type_ = field.type if field else Type("any")
                yield from self._compare(type_, old.get(name), new.get(name), name, (name,))

    def _compare(self, type_: Type, old: Any, new: Any, path: str, plain: tuple[str, ...]) -> Iterator[Step]:
        old, new = self._filled(type_, old, plain), self._filled(type_, new, plain)
        if old is None and keeps_its_value(self._shape, plain):
            old = self._chosen(plain)
        if type_.kind == "object" and not type_.fields and (old is None) != (new is None):
            yield Step(
                path, plain, "add" if old is None else "delete"
            )  # a block that says all by being there
            return
        if self.same(old, new, plain):
            return
        if new is None and keeps_its_value(self._shape, plain):
            return
        if _is_mapping(old, type_) or _is_mapping(new, type_):
            yield from self._compare_fields(type_, old, new, path, plain)
        elif type_.kind == "list" and UNKNOWN not in (old, new):
            yield from self._compare_lists(type_, old or [], new or [], path, plain)
        else:
            yield Step(path, plain, _kind(old, new))

    def _chosen(self, plain: tuple[str, ...]) -> Any:
        """What AWS chose for an input that was not given."""
        value: Any = self._state
        for name in plain:
            value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
        return value

    def _filled(self, type_: Type, value: Any, plain: tuple[str, ...]) -> Any:
        """A value, or what the provider takes for a missing one: its default, or that a switch is off."""
        if value is not None:
            return value
        default = self._defaults.get(".".join(plain))
        if default is None and type_.kind == "boolean" and not keeps_its_value(self._shape, plain):
            return False
        return default

    def _compare_fields(
        self, type_: Type, old: Any, new: Any, path: str, plain: tuple[str, ...]
    ) -> Iterator[Step]:
        if UNKNOWN in (old, new) or (type_.kind == "object" and not (old and new) and not type_.fields):
            yield Step(path, plain, _kind(old, new))
            return
        before, after = cast("Mapping[str, Any]", old or {}), cast("Mapping[str, Any]", new or {})
        # A block whose inputs all mean the same as none is no change: AWS has it anyway.
        for name in sorted({*before, *after}):
            field = type_.fields.get(name)
            inner = field.type if field else type_.item or Type("any")
            nested = plain if type_.kind == "map" else (*plain, name)
            yield from self._compare(inner, before.get(name), after.get(name), _join(path, name), nested)

    def _compare_lists(
        self, type_: Type, old: list[Any], new: list[Any], path: str, plain: tuple[str, ...]
    ) -> Iterator[Step]:
        item = type_.item or Type("any")
        if is_set(self._shape.token, plain, of_objects=item.kind == "object"):
            gone = [one for one in old if not self._among(item, one, new, plain)]
            come = [one for one in new if not self._among(item, one, old, plain)]
            if len(gone) == len(come) == 1 and item.kind == "object":
                index = new.index(come[0])
                yield from self._compare(item, gone[0], come[0], f"{path}[{index}]", plain)
                return
            for one in come:
                yield Step(f"{path}[{new.index(one)}]", plain, "add")
            for one in gone:
                yield Step(f"{path}[{old.index(one)}]", plain, "delete")
            return
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from self._compare(item, before, after, f"{path}[{index}]", plain)

    def _among(self, item: Type, value: Any, values: list[Any], plain: tuple[str, ...]) -> bool:
        return any(not list(self._compare(item, value, other, "", plain)) for other in values)

    def same(self, old: Any, new: Any, plain: tuple[str, ...]) -> bool:
        """Whether two values mean the same: empty is missing, and some texts have more than one spelling."""
        if old == new or (_is_empty(old) and _is_empty(new)):
            return True
        if isinstance(old, str) and isinstance(new, str):
            return same_text(self._shape.token, plain, old, new)
        return False


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _is_mapping(value: Any, type_: Type) -> bool:
    return isinstance(value, dict) and type_.kind in ("object", "map", "any")


def _kind(old: Any, new: Any) -> str:
    if _is_empty(old):
        return "add"
    return "delete" if _is_empty(new) else "update"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if name.replace("_", "a").isalnum() else f'{path}["{name}"]'
