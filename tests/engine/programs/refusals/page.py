"""Writes docs/refusals.md from the cases: ``python -m tests.engine.programs.refusals.page``."""

import sys

from tests.engine.programs.refusals.cases import CASES, TOPICS
from tests.engine.programs.refusals.cases.case import Case, Topic

_HEAD = """\
# What the simulated AWS refuses

Written by `make docs` from the cases in `tests/engine/programs/refusals/cases`; do not edit. Each row is provoked
through the real engine, beside a neighbour that differs in one point and is allowed (`tests/engine/test_refusals.py`):
{count} refusals, {creates} of creates, {updates} of updates, {deletes} of deletes.

A refusal reads `api error <code>: <message>`; the message column gives the part that the test looks for. *seen*
links to where AWS's own words were found; elsewhere the code is AWS's and the wording is ours. The last column names
the setting of the account file (`.localcloud/<stack>/account.yaml`) that decides: quotas are AWS's defaults there, but
for the vCPUs that every GPU user raises. What the provider itself refuses before it calls AWS (missing inputs, names
of the wrong form, inputs that exclude each other) is not in the table: a preview tells it.

Simplifications to know about: capacity, quotas of running instances and volume keys are refused before the node group
exists, where EKS would make it and let it fail after minutes; conditions in key policies count as met; IAM policies
of the caller are not looked at, so that whatever a key policy leaves to IAM is allowed.
"""


def page() -> str:
    """The whole page."""
    count = {verb: sum(case.verb == verb for case in CASES) for verb in ("create", "update", "delete")}
    head = _HEAD.format(
        count=len(CASES), creates=count["create"], updates=count["update"], deletes=count["delete"]
    )
    return "\n".join([head, *(_section(topic) for topic in TOPICS)])


def _section(topic: Topic) -> str:
    rows = [_row(case) for case in topic.cases]
    return "\n".join(
        [
            f"## {topic.title}\n",
            "| What is refused | Code | Message | Setting |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _row(case: Case) -> str:
    seen = f" ([seen]({case.seen}))" if case.seen else ""
    setting = f"`{case.setting}`" if case.setting else ""
    message = case.says.replace("|", "\\|")
    return f"| {case.what} | `{case.code}` | {message}{seen} | {setting} |"


if __name__ == "__main__":
    sys.stdout.write(page())
