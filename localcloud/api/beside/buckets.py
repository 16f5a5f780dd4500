"""S3's bucket policies: moto reads them without their conditions."""

import json
from typing import Any

from localcloud.api.beside.registry import prepares
from localcloud.api.libraries import module
from localcloud.api.world import World
from localcloud.kube.fields import each


@prepares
def leave_conditional_statements_out(world: World) -> None:
    """Statements with a condition do not count, instead of always.

    moto takes a denial of requests without TLS for a denial of every request, and so would let nobody into a
    bucket with such a policy. The local cloud's calls stand for calls with TLS by the account's own people.
    """
    del world
    bucket = module("moto.s3.models").FakeBucket
    access = module("moto.iam.access_control")

    def get_permission(self: Any, action: str, resource: str) -> Any:
        document: dict[str, Any] = json.loads(self.policy.decode()) if self.policy else {}
        unconditional = [one for one in each(document, "Statement") if not one.get("Condition")]
        if not unconditional:
            return access.PermissionResult.NEUTRAL
        return access.IAMPolicy(json.dumps({**document, "Statement": unconditional})).is_action_permitted(
            action, resource
        )

    bucket.get_permission = get_permission
