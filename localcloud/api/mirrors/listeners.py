"""Listeners of load balancers and their rules, mostly those that the AWS Load Balancer Controller makes."""

from typing import Any

from localcloud.api.mirrors.base import Properties, given, items, mirror, tag_list, tags_of
from localcloud.api.mirrors.load_balancing import ElbMirror, arn_of
from localcloud.api.shapes import operation_model, to_api
from localcloud.aws.store import Record

_CONDITIONS = {
    "hostHeader": ("host-header", "HostHeaderConfig"),
    "pathPattern": ("path-pattern", "PathPatternConfig"),
    "httpRequestMethod": ("http-request-method", "HttpRequestMethodConfig"),
    "sourceIp": ("source-ip", "SourceIpConfig"),
}
"""Conditions in the provider's properties -> (field, member) in the API; each has values."""

_ACTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "redirect": ("RedirectConfig", {"protocol": "#{protocol}", "port": "#{port}", "path": "/#{path}"}),
    "fixedResponse": ("FixedResponseConfig", {}),
}
"""Settings of actions in the provider's properties -> (member, defaults) in the API."""


@mirror("aws:lb/listener:Listener")
class ListenerMirror(ElbMirror):
    """A listener."""

    def make(self, record: Record) -> None:
        """The listener, under its ARN."""
        state = record.state
        certificate = state.get("certificateArn")
        answer = self.client.create_listener(
            LoadBalancerArn=state["loadBalancerArn"],
            Port=int(state.get("port") or 80),
            Protocol=state.get("protocol") or "HTTP",
            DefaultActions=_actions(state.get("defaultActions")),
            **given(
                SslPolicy=state.get("sslPolicy"),
                Certificates=[{"CertificateArn": certificate}] if certificate else [],
                Tags=tag_list(tags_of(record)),
            ),
        )
        balancer = self.backend.load_balancers[state["loadBalancerArn"]]
        drawn = answer["Listeners"][0]["ListenerArn"]
        self.rename(balancer.listeners, drawn, arn_of(record))

    def settle(self, record: Record) -> None:
        """Tags."""
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The listener with its rules."""
        for balancer in self.backend.load_balancers.values():
            balancer.listeners.pop(arn_of(record), None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        found = any(arn_of(record) in one.listeners for one in self.backend.load_balancers.values())
        return {"tagsAll": self.tags(arn_of(record))} if found else None


@mirror("aws:lb/listenerRule:ListenerRule")
class ListenerRuleMirror(ElbMirror):
    """A rule of a listener."""

    def make(self, record: Record) -> None:
        """The rule, under its ARN."""
        state = record.state
        answer = self.client.create_rule(
            ListenerArn=state["listenerArn"],
            Priority=int(state.get("priority") or 1),
            Conditions=_conditions(state.get("conditions")),
            Actions=_actions(state.get("actions")),
            **given(Tags=tag_list(tags_of(record))),
        )
        rules = self._listener(record)._non_default_rules
        self.rename(rules, answer["Rules"][0]["RuleArn"], arn_of(record))

    def settle(self, record: Record) -> None:
        """Tags."""
        self.settle_tags(record)

    def remove(self, record: Record) -> None:
        """The rule; it may have gone with its listener."""
        listener = self._listener(record)
        if listener is not None:
            listener._non_default_rules.pop(arn_of(record), None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        listener = self._listener(record)
        if listener is None or arn_of(record) not in listener._non_default_rules:
            return None
        return {"tagsAll": self.tags(arn_of(record))}

    def _listener(self, record: Record) -> Any:
        arn = record.state["listenerArn"]
        balancers = self.backend.load_balancers.values()
        return next((one.listeners[arn] for one in balancers if arn in one.listeners), None)


def _conditions(conditions: Any) -> list[Properties]:
    return [
        {"Field": field, member: {"Values": list(one[name].get("values") or [])}}
        for one in items(conditions)
        for name, (field, member) in _CONDITIONS.items()
        if one.get(name)
    ]


def _actions(actions: Any) -> list[Properties]:
    shape = operation_model("elbv2", "CreateRule").input_shape.members["Actions"].member
    made: list[Properties] = []
    for order, one in enumerate(items(actions), start=1):
        action: Properties = {"Type": one["type"], "Order": order}
        if one.get("targetGroupArn"):
            action["TargetGroupArn"] = one["targetGroupArn"]
        for name, (member, defaults) in _ACTIONS.items():
            if one.get(name):
                action[member] = to_api(shape.members[member], {**defaults, **one[name]})
        made.append(action)
    return made
