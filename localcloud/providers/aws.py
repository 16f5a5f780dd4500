"""The `aws` provider of the local cloud: the simulated account behind Pulumi's provider protocol."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Generator
from typing import Any, cast

from localcloud.aws import import_ids, names
from localcloud.aws.account import Account, AccountError, read_account
from localcloud.aws.classification import Kind, classify
from localcloud.aws.defaults import defaults_of
from localcloud.aws.diffs import changes
from localcloud.aws.existing import existing_resources
from localcloud.aws.inputs import check_inputs
from localcloud.aws.invokes import answer
from localcloud.aws.reading import imported_inputs, refreshed_inputs, tags_in_step
from localcloud.aws.replacement_order import deletes_first
from localcloud.aws.rules.base import Call, Rule, load_rules, plain, rule_for, values_at
from localcloud.aws.shapes import UnknownTypeError, sdk_version
from localcloud.aws.store import GONE, Record, Store
from localcloud.home import Home
from localcloud.nodes import Cluster, KubernetesCluster
from localcloud.providers.protocol import (
    CheckFailure,
    Diff,
    PartialFailureError,
    Properties,
    Provider,
    ProviderError,
    contains_unknown,
)
from localcloud.simulation.around import operations_around
from localcloud.simulation.faults_account import seen_by

_DEFAULT_SECONDS = 300.0
_UNFINISHED = "__unfinished"
"""Note in the state of a resource whose create was accepted and has not ended well yet."""


class AwsProvider(Provider):
    """Resources of one simulated account, kept in a file that outlives the process."""

    name = "aws"

    def __init__(self, home: Home | None = None, cluster: Cluster | None = None) -> None:
        load_rules()
        self.version = sdk_version()
        self._home = home or Home.from_environment()
        self._cluster = cluster or KubernetesCluster(self._home)
        self._store = Store(self._home.aws_state)
        self._account: Account | None = None
        self._config: Properties = {}

    # -- configuration -------------------------------------------------------------------------------------

    def check_config(self, inputs: Properties) -> list[CheckFailure]:
        """The account file must be sound, and the stack's region and account must be the account's."""
        try:
            account = read_account(self._home.account_file)
        except AccountError as error:
            raise ProviderError(str(error)) from None
        failures: list[CheckFailure] = []
        region = inputs.get("region")
        if isinstance(region, str) and not contains_unknown(region) and region != account.region:
            failures.append(
                CheckFailure(
                    "region", f"the account file describes {account.region}, the stack asks for {region}"
                )
            )
        allowed = _structured(inputs.get("allowedAccountIds"))
        if isinstance(allowed, list) and account.account_id not in allowed and not contains_unknown(allowed):
            failures.append(
                CheckFailure("allowedAccountIds", f"AWS account ID not allowed: {account.account_id}")
            )
        return failures

    def configure(self, inputs: Properties) -> None:
        """Read the account file and put what it holds into the account."""
        try:
            self._account = read_account(self._home.account_file)
        except AccountError as error:
            raise ProviderError(str(error)) from None
        self._config = {key: _structured(value) for key, value in inputs.items()}
        self._store.replace_origin("account", existing_resources(self._account))

    @property
    def account(self) -> Account:
        """The account this provider works in."""
        if self._account is None:
            self._account = read_account(self._home.account_file)
            self._store.replace_origin("account", existing_resources(self._account))
        return self._account

    # -- resources -----------------------------------------------------------------------------------------

    def check(
        self, type_: str, name: str, old: Properties, new: Properties
    ) -> tuple[Properties, list[CheckFailure]]:
        """Inputs in the types of the SDK, with auto-names and default tags filled in; faults by path."""
        rule = self._rule(type_)
        inputs, failures = check_inputs(rule.shape.inputs, new)
        defaulted = self._fill_name(rule, name, old, inputs)
        failures += _unconfigurable(rule, inputs)
        if "tags" in rule.shape.inputs and "tagsAll" in rule.shape.outputs:
            inputs["tagsAll"] = self._all_tags(inputs.get("tags"))
            if inputs["tagsAll"]:
                inputs["tags"] = inputs["tagsAll"]
        if not failures:
            inputs = rule.complete(inputs)
            failures = rule.faults(inputs, self.account)
        if defaulted:
            inputs["__defaults"] = defaulted
        return inputs, failures

    def diff(self, type_: str, id_: str, old_inputs: Properties, state: Properties, new: Properties) -> Diff:
        """Changes by property path, and whether they replace the resource."""
        del id_
        rule = self._rule(type_)
        automatic = names.auto_name_rule(rule.shape)
        identity = {*rule.unique, *([rule.id_property] if rule.id_property else [])}
        if automatic:
            identity.add(automatic.property)
        found = changes(
            rule.shape,
            old_inputs,
            new,
            defaults=self._defaults(rule),
            state=state,
            identity=frozenset(identity),
        )
        return Diff(found, delete_before_replace=deletes_first(rule.shape, old_inputs, new))

    def create(
        self, type_: str, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """Make a resource, or say what AWS would refuse."""
        rule = self._rule(type_)
        if preview:
            return "", rule.planned(plain(inputs))
        call = self._call(timeout)

        def accept(store: Store) -> Record:
            seen = dataclasses.replace(call, store=store)
            with _told("creating", type_, name), self._store.transaction():
                rule.check_references(seen, inputs)
                rule.check_unique(seen, inputs)
                rule.admit(seen, plain(inputs), None)
                id_ = rule.identity(call, plain(inputs))
                state = rule.full_state(call, id_, inputs)
                record = Record(type_, id_, name, inputs, {**state, _UNFINISHED: True})
                self._store.put(record)
                return record

        record = seen_by(self._home, self._store, type_, inputs, accept)
        return record.id, self._finish("creating", record, lambda: rule.created(call, record))

    def read(
        self, type_: str, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The resource as the account has it, and the inputs that would make it so.

        AWS goes on with a create when its caller was killed. Without inputs and state this is an import, whose id
        may have a form of its own.
        """
        importing = not inputs and not state
        if importing and type_ in import_ids.NOT_IMPORTABLE:
            raise ProviderError(f"resource {type_} doesn't support import")
        record = import_ids.find(self._store, type_, id_) if importing else self._store.get(type_, id_)
        if record is None or record.origin in GONE:
            return None
        rule = self._rule(type_)
        in_step = tags_in_step(state, record.state)
        if in_step != record.state:
            record = dataclasses.replace(record, state=in_step)
            with self._store.transaction():
                self._store.put(record)
        if record.state.get(_UNFINISHED):
            call, unfinished = self._call(0), record
            now = self._finish("creating", record, lambda: rule.created(call, unfinished))
        else:
            now = plain(record.state)
        if importing:
            return record.id, imported_inputs(rule.shape, now, self._defaults(rule)), now
        return record.id, refreshed_inputs(rule.shape, inputs, state, now), now

    def update(
        self,
        type_: str,
        id_: str,
        state: Properties,
        old_inputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        """Change a resource in place, or say what AWS would refuse."""
        rule = self._rule(type_)
        if preview:
            return rule.replanned(Record(type_, id_, "", old_inputs, state), plain(new))
        call = self._call(timeout)
        with _told("updating", type_, id_), self._store.transaction():
            record = self._store.get(type_, id_)
            if record is None or record.origin in GONE:
                raise ProviderError("couldn't find resource; run `pulumi refresh`")
            record = _with_drift(record, old_inputs)
            rule.check_references(call, new)
            rule.admit(call, plain(new), record)
            merged = rule.merged(record, new)
            merged.update(rule.recomputed(call, record, plain(new)))
            changed = Record(type_, id_, record.name, new, merged)
            self._store.put(changed)

        def work() -> Properties:
            more = rule.created(call, changed) if changed.state.get(_UNFINISHED) else {}
            return {**more, **rule.updated(call, changed)}

        return self._finish("updating", changed, work)

    def delete(self, type_: str, id_: str, state: Properties, *, timeout: float) -> None:
        """Remove a resource, unless others still use it."""
        del state
        rule = self._rule(type_)
        call = self._call(timeout)
        with _told("deleting", type_, id_):
            with self._store.transaction():
                record = self._store.get(type_, id_)
                if record is None or record.origin in GONE:
                    return
                rule.check_holders(call, record)
                rule.release(call, record)
            rule.deleted(call, record)
            with self._store.transaction():
                self._store.delete(type_, id_)
                left = rule.remains(call, record)
                if left is not None:
                    self._store.put(left)

    def invoke(self, token: str, args: Properties) -> Properties:
        """Answer the data sources that programs use."""
        return answer(token, args, self.account, self._store)

    # -- helpers -------------------------------------------------------------------------------------------

    def _rule(self, type_: str) -> Rule:
        rule = rule_for(type_)
        try:
            _ = rule.shape
        except UnknownTypeError as error:
            raise ProviderError(str(error)) from None
        return rule

    def _defaults(self, rule: Rule) -> Properties:
        """What the provider takes for inputs that are not given, by dotted path."""
        return defaults_of(rule.token_, {**rule.defaults, "region": self.account.region})

    def _call(self, timeout: float) -> Call:
        account = self.account
        return Call(
            store=self._store,
            account=account,
            home=self._home,
            cluster=self._cluster,
            region=account.region,
            deadline=time.monotonic() + (timeout or _DEFAULT_SECONDS),
        )

    def _finish(self, verb: str, record: Record, work: Callable[[], Properties]) -> Properties:
        """Do what takes time; a failure leaves the resource behind, as AWS does."""
        try:
            with _told(verb, record.type, record.id):
                more = work()
        except ProviderError as error:
            raise PartialFailureError(str(error), record.id, plain(record.state), record.inputs) from None
        state = {key: value for key, value in record.state.items() if key != _UNFINISHED} | more
        if state != record.state:
            with self._store.transaction():
                self._store.put(Record(record.type, record.id, record.name, record.inputs, state))
        return plain(state)

    def _fill_name(self, rule: Rule, name: str, old: Properties, inputs: Properties) -> list[str]:
        """Fill in the auto-name; returns the properties that the provider chose."""
        automatic = names.auto_name_rule(rule.shape)
        if automatic is None:
            return []
        property_ = automatic.property
        if property_ in inputs or inputs.get(f"{property_}Prefix"):
            return []
        kept = old.get(property_) if property_ in cast("list[str]", old.get("__defaults") or []) else None
        inputs[property_] = kept or names.auto_name(automatic, name)
        return [property_]

    def _all_tags(self, tags: Any) -> Any:
        defaults = self._config.get("defaultTags")
        common = cast("dict[str, Any]", defaults).get("tags") if isinstance(defaults, dict) else None
        if tags is not None and not isinstance(tags, dict):
            return tags  # not known yet
        return {**cast("dict[str, Any]", common or {}), **cast("dict[str, Any]", tags or {})}


def _unconfigurable(rule: Rule, inputs: Properties) -> list[CheckFailure]:
    """Inputs that the SDK has, but whose value AWS decides."""
    return [
        CheckFailure(
            ".".join(path),
            "can't configure a value for it: its value will be decided automatically based on the result of "
            "applying this configuration",
        )
        for path, known in classify(rule.token_).items()
        if known.kind is Kind.READ_ONLY and values_at(inputs, ".".join(path))
    ]


def _with_drift(record: Record, known: Properties) -> Record:
    """The record with the inputs that a refresh found in the account, beside those that the program gave."""
    found = {key: value for key, value in known.items() if key in record.state and key not in record.inputs}
    return dataclasses.replace(record, inputs={**record.inputs, **found}) if found else record


@contextlib.contextmanager
def _told(verb: str, type_: str, subject: str) -> Generator[None]:
    """Puts what was being done, and to what, before a refusal."""
    _, module, name = type_.split(":")
    service = module.split("/")[0]
    try:
        yield
    except ProviderError as error:
        label = f"{service.upper() if len(service) <= 4 else service} {name}"
        raise ProviderError(f"{verb} {label} ({subject}): {error}") from None


def _structured(value: Any) -> Any:
    """A configuration value: the engine passes nested ones as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


if __name__ == "__main__":
    # Not above: the AWS API asks this provider too, and serves nothing by gRPC.
    from localcloud.providers.server import serve

    serve(AwsProvider(), operations_around(Home.from_environment()))
