"""The libraries under the AWS API that have no types of their own.

They are loaded on first use: moto reads its account from the environment at import, and is slow to import.
"""

import functools
import importlib
from typing import Any


@functools.cache
def module(name: str) -> Any:
    """A module of moto, boto3, botocore or werkzeug, untyped."""
    return importlib.import_module(name)
