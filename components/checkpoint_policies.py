"""What a model server may do with checkpoints in S3: Poolside's four statements, nothing else."""

from typing import Any


def checkpoint_reader_policy(
    bucket_name: str, kms_key_arn: str | None, partition: str = "aws"
) -> dict[str, Any]:
    """Policy document that reads every object of one bucket and decrypts with its key.

    Statements, Sids and actions are those of Poolside's "Deploy on Amazon EKS", step 4. ``kms_key_arn`` is
    the bucket's customer-managed key; without one (SSE-S3) the statement ``KMSDecryptForS3`` is left out, as
    it says there.
    """
    bucket_arn = f"arn:{partition}:s3:::{bucket_name}"
    statements: list[dict[str, Any]] = [
        {"Sid": "S3ListBucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": bucket_arn},
        {
            "Sid": "S3ReadObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectTagging"],
            "Resource": f"{bucket_arn}/*",
        },
        {
            "Sid": "S3GetBucketLocation",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation"],
            "Resource": "*",
        },
    ]
    if kms_key_arn:
        statements.append(
            {
                "Sid": "KMSDecryptForS3",
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:DescribeKey"],
                "Resource": kms_key_arn,
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}
