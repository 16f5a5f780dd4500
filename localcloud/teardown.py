"""What has to run for a stack to go: the load balancer controller, while Ingresses wait for it to let them go.

Without it the Ingresses' finalizers stay, and with them their namespace, and the load balancer goes on holding
subnets, security groups and the internet gateway. ``make down`` brings it back before it destroys anything; on
AWS the same command does (docs/teardown.md).
"""

import json
import subprocess
from typing import Any

from localcloud.kube.fields import at, each
from localcloud.kube.load_balancers import DEPLOYMENT_LABEL, is_ours
from localcloud.stack import Stack, StackError
from localcloud.tools import say

_CONTROLLER = "aws-load-balancer-controller"
_RELEASE = "kubernetes:helm.sh/v3:Release"


def held_ingresses(stack: Stack) -> list[str]:
    """Ingresses with a finalizer of the load balancer controller, as ``namespace/name``."""
    return [
        f"{one['metadata']['namespace']}/{one['metadata']['name']}"
        for one in _listed(stack, "ingresses")
        if any(is_ours(str(held)) for held in one["metadata"].get("finalizers") or ())
    ]


def controller_runs(stack: Stack) -> bool:
    """Whether a replica of the load balancer controller is available."""
    found = _listed(stack, "deployments", "--selector", DEPLOYMENT_LABEL)
    return any(int(at(one, "status").get("availableReplicas") or 0) for one in found)


def restore_controller(stack: Stack) -> bool:
    """Install the controller again if Ingresses wait for it and it is not there; returns whether it was needed."""
    urn = _release_urn(stack)
    if not urn:
        return False
    held = held_ingresses(stack)
    if not held or controller_runs(stack):
        return False
    say(
        f"the AWS Load Balancer Controller is gone, and {', '.join(held)} cannot be deleted without it: "
        "installing it again"
    )
    # Replaced, not refreshed: a refresh would drop the release from the state, and with it the dependency that
    # makes the models' release go first.
    run = stack.captured("up", "--yes", "--skip-preview", "--suppress-outputs", "--target-replace", urn)
    if run.returncode:
        raise StackError(f"the load balancer controller could not be installed again:\n{run.stdout}")
    return True


def _release_urn(stack: Stack) -> str:
    for one in stack.resources():
        if one["type"] == _RELEASE and at(one, "inputs").get("name") == _CONTROLLER:
            return str(one["urn"])
    return ""


def _listed(stack: Stack, kind: str, *flags: str) -> list[dict[str, Any]]:
    answer = _program(stack, "kubectl", "get", kind, "--all-namespaces", "--output", "json", *flags)
    return each(json.loads(answer), "items")


def _program(stack: Stack, name: str, *arguments: str) -> str:
    run = subprocess.run(
        [stack.cloud.home.bin / name, *arguments],
        env=stack.environment(),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise StackError(f"{name} {arguments[0]} failed: {run.stderr.strip()}")
    return run.stdout
