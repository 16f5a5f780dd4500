"""The choices are those that the installed AWS SDK documents."""

import re

import pulumi_aws as aws

from components.log_retention import RETENTION_DAYS


def test_days_are_those_that_cloudwatch_takes():
    text = aws.cloudwatch.LogGroupArgs.__init__.__doc__ or ""
    found = re.search(r"retention_in_days:.*?Possible values are: ([\d, ]+), and 0", text, re.DOTALL)
    assert found, "the SDK no longer lists the values"
    assert set(RETENTION_DAYS) == {int(days) for days in found[1].split(",")}


def test_days_are_in_order_and_given_once():
    assert list(RETENTION_DAYS) == sorted(set(RETENTION_DAYS))
