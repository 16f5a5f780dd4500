"""How resource types behave: the generic rule, and the registry of the types that need their own."""

import dataclasses
import functools
import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, cast

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.shapes import shape_of
from localcloud.aws.store import Record, Store
from localcloud.aws.types import Shape
from localcloud.home import Home
from localcloud.nodes import Cluster
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties


@dataclasses.dataclass(frozen=True)
class Call:
    """One operation on the simulated account: what it holds and where its cluster is."""

    store: Store
    account: Account
    home: Home
    cluster: Cluster
    region: str
    deadline: float
    """Value of `time.monotonic` at which the operation gives up."""

    @property
    def remaining(self) -> float:
        """Seconds left."""
        return max(0.0, self.deadline - time.monotonic())

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """An ARN of this account."""
        region = self.region if regional else ""
        return f"arn:{self.account.partition}:{service}:{region}:{self.account.account_id}:{resource}"


class Reference(NamedTuple):
    """An input that names another resource, by its id or another property."""

    path: str
    """Dotted path of the input; a list holds one reference each."""
    types: tuple[str, ...]
    code: str
    message: str
    """What AWS says; ``{}`` is the value that was not found."""
    property: str = "id"


class Holder(NamedTuple):
    """A resource type that keeps the resource it names from being deleted."""

    type: str
    path: str
    code: str
    message: str
    """What AWS says; ``{id}`` is the resource to delete, ``{by}`` the one that holds it."""
    property: str = "id"
    """The property of the resource to delete that the holder names."""


class Rule:
    """The behaviour of a resource type. This class is the behaviour of those that have no own rule."""

    token: ClassVar[str] = ""
    id_prefix: ClassVar[str] = ""
    """EC2-style id prefix, such as ``vpc``."""
    id_property: ClassVar[str] = ""
    """Property whose value is the id."""
    unique: ClassVar[tuple[str, ...]] = ()
    """Inputs that no two resources of the type may share."""
    taken: ClassVar[tuple[str, str]] = ("ResourceAlreadyExistsException", "{} already exists")
    """AWS's code and message when they do."""
    defaults: ClassVar[Properties] = {}
    """Values that the provider takes for inputs that are not given."""
    references: ClassVar[tuple[Reference, ...]] = ()
    held_by: ClassVar[tuple[Holder, ...]] = ()

    def __init__(self, token: str) -> None:
        self.token_ = token

    @functools.cached_property
    def shape(self) -> Shape:
        """Inputs and outputs of the type."""
        return shape_of(self.token_)

    # -- before anything is done ---------------------------------------------------------------------------

    def complete(self, inputs: Properties) -> Properties:
        """The checked inputs in the form in which the provider keeps them."""
        return inputs

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """What the provider refuses before it calls AWS, beyond names and types."""
        del inputs, account
        return []

    def planned(self, inputs: Properties) -> Properties:
        """The state as a preview knows it: computed values are unknown."""
        state: Properties = {**self.defaults, **inputs}
        for name, field in self.shape.outputs.items():
            if field.required and name not in state:
                state[name] = UNKNOWN
        return {**state, **self.known(inputs)}

    def replanned(self, record: Record, new: Properties) -> Properties:
        """The state that a preview of an update knows."""
        return {**self.merged(record, new), **self.known(new)}

    def known(self, inputs: Properties) -> Properties:
        """Outputs that follow from the inputs alone."""
        del inputs
        return {}

    # -- what AWS does -------------------------------------------------------------------------------------

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Raise AWS's refusal of these inputs; ``record`` is the resource on an update."""
        del record
        del call, inputs

    def identity(self, call: Call, inputs: Properties) -> str:
        """The id of a new resource."""
        del call
        if self.id_property:
            return str(inputs[self.id_property])
        if self.id_prefix:
            return names.ec2_id(self.id_prefix)
        automatic = names.auto_name_rule(self.shape)
        if automatic and inputs.get(automatic.property):
            return str(inputs[automatic.property])
        return names.new_uuid()

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Outputs that AWS gives a new resource."""
        del call, id_, inputs
        return {}

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """Outputs that change with an update."""
        del call, record, new
        return {}

    def created(self, call: Call, record: Record) -> Properties:
        """What takes time after a create was accepted; returns more outputs. May raise.

        Called again for the same record when the first call did not end well.
        """
        del call, record
        return {}

    def updated(self, call: Call, record: Record) -> Properties:
        """What takes time after an update was accepted; returns more outputs. May raise.

        It looks at what is there, not at what the last update asked for: that one may have been killed.
        """
        del call, record
        return {}

    def release(self, call: Call, record: Record) -> None:
        """Raise AWS's refusal of a delete."""
        del call, record

    def deleted(self, call: Call, record: Record) -> None:
        """What takes time before a deleted resource is gone."""
        del call, record

    def remains(self, call: Call, record: Record) -> Record | None:
        """What AWS still has after a delete; None when nothing is left."""
        del call
        return dataclasses.replace(record, origin="retained") if record.state.get("skipDestroy") else None

    # -- shared by every rule ------------------------------------------------------------------------------

    def merged(self, record: Record, new: Properties) -> Properties:
        """The state of an update: computed outputs stay, inputs are the new ones."""
        dropped = set(record.inputs) - set(new)
        computed = self.shape.outputs
        state = {
            key: value
            for key, value in record.state.items()
            if key not in dropped or (key in computed and computed[key].required and key != "tagsAll")
        }
        state.update({key: self.defaults[key] for key in dropped if key in self.defaults})
        return {**state, **plain(new)}

    def full_state(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The state of a new resource: inputs, defaults, computed outputs, and zero values for the rest."""
        state: Properties = {**self.defaults, **plain(inputs)}
        state.update(self.computed(call, id_, state))
        state.update({key: value for key, value in self.known(state).items() if key not in state})
        outputs = self.shape.outputs
        common: Properties = {
            "region": call.region,
            "ownerId": call.account.account_id,
            "name": names.prefixed_name(str(inputs["namePrefix"])) if inputs.get("namePrefix") else None,
        }
        for key, value in common.items():
            if key in outputs and key not in state and value is not None:
                state[key] = value
        if "arn" in outputs and "arn" not in state:
            state["arn"] = names.arn(
                self.token_,
                id_,
                state,
                partition=call.account.partition,
                region=call.region,
                account=call.account.account_id,
            )
        for key, field in outputs.items():
            if field.required and key not in state:
                state[key] = _ZEROS.get(field.type.kind)
        return {key: value for key, value in state.items() if value is not None}

    def check_references(self, call: Call, inputs: Properties) -> None:
        """Raise AWS's refusal of a reference to something that is not there."""
        for reference in self.references:
            for value in values_at(inputs, reference.path):
                if not any(find(call, type_, reference.property, value) for type_ in reference.types):
                    raise AwsError(reference.code, reference.message.format(value))

    def check_unique(self, call: Call, inputs: Properties) -> None:
        """Raise AWS's refusal of a name that is taken."""
        if not self.unique:
            return
        wanted = [inputs.get(key) for key in self.unique]
        if any(value is None for value in wanted):
            return
        for record in call.store.all(self.token_):
            if [record.state.get(key) for key in self.unique] == wanted:
                code, message = self.taken
                raise AwsError(code, message.format(*wanted))

    def check_holders(self, call: Call, record: Record) -> None:
        """Raise AWS's refusal to delete what others still use."""
        for holder in self.held_by:
            value = record.id if holder.property == "id" else record.state.get(holder.property)
            for other in call.store.all(holder.type):
                if value in values_at(other.state, holder.path):
                    raise AwsError(holder.code, holder.message.format(id=record.id, by=other.id))


_ZEROS: dict[str, Any] = {
    "string": "",
    "boolean": False,
    "integer": 0,
    "number": 0,
    "list": [],
    "map": {},
}

_REGISTRY: dict[str, type[Rule]] = {}
_MODULES = (
    "acm",
    "ecr",
    "eks",
    "eks_access",
    "eks_addons",
    "endpoints",
    "gateways",
    "iam",
    "instances_volumes",
    "interfaces",
    "kms",
    "launch",
    "load_balancers",
    "logs",
    "network",
    "node_groups",
    "route53",
    "routes",
    "s3",
    "security_groups",
)


def rule(*tokens: str) -> Callable[[type[Rule]], type[Rule]]:
    """Class decorator: this rule is that of these resource types."""

    def register(kind: type[Rule]) -> type[Rule]:
        for token in tokens:
            _REGISTRY[token] = kind
        return kind

    return register


def load_rules() -> None:
    """Fill the registry; once, before calls come from several threads."""
    for module in _MODULES:
        importlib.import_module(f"localcloud.aws.rules.{module}")


@functools.cache
def rule_for(token: str) -> Rule:
    """The rule of a resource type."""
    load_rules()
    return _REGISTRY.get(token, Rule)(token)


def plain(inputs: Properties) -> Properties:
    """Inputs without the provider's own notes."""
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def find(call: Call, type_: str, property_: str, value: str) -> Record | None:
    """The resource of a type with that id or other property."""
    if property_ == "id":
        return call.store.get(type_, value)
    found = call.store.find(type_, **{property_: value})
    return found[0] if found else None


def values_at(properties: Any, path: str) -> list[str]:
    """Every text at a dotted path; lists on the way are followed into each element."""
    nodes: list[Any] = [properties]
    for part in path.split("."):
        nodes = [node[part] for node in _flat(nodes) if isinstance(node, dict) and part in node]
    return [node for node in _flat(nodes) if isinstance(node, str) and node]


def _flat(nodes: Sequence[Any]) -> list[Any]:
    result: list[Any] = []
    for node in nodes:
        if isinstance(node, list):
            result.extend(_flat(cast("list[Any]", node)))
        else:
            result.append(node)
    return result


def text(value: Any) -> str:
    """A property's text; empty where it is missing."""
    return value if isinstance(value, str) else ""
