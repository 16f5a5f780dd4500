"""What a request to the AWS API asks for, as far as its answer must be prepared or followed up."""

import io
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qs

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_READING = re.compile(
    r"^(Describe|Get|List|Search|Lookup|Head|BatchGet|BatchCheck|Simulate|Select|Query|Scan|Encrypt|Decrypt|"
    r"ReEncrypt|GenerateDataKey|GenerateRandom|GenerateMac|Sign|Verify|Test|Estimate|Preview|Validate|Assume)"
)
_FORM = "application/x-www-form-urlencoded"


class Asked(NamedTuple):
    """A request, in short."""

    service: str
    """Name under which requests to the service are signed: ``ec2``, ``elasticloadbalancing``; empty if unsigned."""
    operation: str
    """Name of the operation; of REST services the HTTP method."""
    changes: bool
    """Whether it may change something other than an object in a bucket."""
    objects: bool = False
    """Whether it may change the objects of a bucket."""
    form: bool = False
    """Whether it is a form, as the query protocols are."""


def asked(environ: dict[str, Any]) -> Asked:
    """Look at a WSGI request; its body can be read again."""
    signed = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(
        f"Credential={parse_qs(environ.get('QUERY_STRING', '')).get('X-Amz-Credential', [''])[0]}"
    )
    service = signed.group(1) if signed else ""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        operation = target.rsplit(".", 1)[-1]
        return Asked(service, operation, changes=not _READING.match(operation))
    action = _action(environ)
    if action:
        return Asked(service, action, changes=not _READING.match(action), form=True)
    method = str(environ.get("REQUEST_METHOD", "GET"))
    writes = method not in ("GET", "HEAD", "OPTIONS")
    if service == "s3":
        # A path of a bucket and a key is about an object; `?delete` on the bucket removes several.
        _, _, key = str(environ.get("PATH_INFO", "")).strip("/").partition("/")
        objects = bool(key) or parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).keys() == {
            "delete"
        }
        return Asked(service, method, changes=writes and not objects, objects=writes and objects)
    return Asked(service, method, changes=writes)


def _action(environ: dict[str, Any]) -> str:
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if "Action" in query:
        return query["Action"][0]
    if not str(environ.get("CONTENT_TYPE", "")).startswith(_FORM):
        return ""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
