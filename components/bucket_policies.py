"""Resource policies of the checkpoint bucket and its key."""

from typing import Any


def tls_only_policy(bucket_arn: str) -> dict[str, Any]:
    """Bucket policy that refuses every request that does not come over TLS, whoever sends it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket_arn, f"{bucket_arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def account_key_policy(account_id: str, partition: str = "aws") -> dict[str, Any]:
    """Key policy that leaves the decision to the account's IAM policies.

    Without this statement no IAM policy counts for the key, and a key whose named users are gone can no
    longer be managed by anyone (KMS developer guide, "Default key policy").
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "EnableIAMPolicies",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
