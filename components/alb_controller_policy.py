"""The IAM policy of the AWS Load Balancer Controller, as upstream publishes it."""

from pathlib import Path

from components.partitions import partition_of

_FILE = Path(__file__).parent / "policies" / "alb_controller_iam_policy.json"


def alb_controller_policy(region: str) -> str:
    """Upstream's policy in JSON (v3.5.0, docs/install/iam_policy.json), its ARNs in the region's partition.

    Upstream's own files for China, GovCloud and the European Sovereign Cloud differ from it by nothing else.
    Those for the isolated partitions lack five actions that do not exist there, and that IAM ignores.
    """
    return _FILE.read_text(encoding="utf-8").replace("arn:aws:", f"arn:{partition_of(region)}:")
