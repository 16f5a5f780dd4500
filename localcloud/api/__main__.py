"""The server: ``python -m localcloud.api``, started with a local cloud, on loopback only."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from localcloud.api.endpoint import HOST, port_of
from localcloud.api.libraries import module
from localcloud.api.objects import forget_objects
from localcloud.aws.store import Store
from localcloud.home import Home


def main() -> int:
    """Serve until the process is ended."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    home = Home.from_environment()
    port = port_of(home)
    if port is None:
        sys.stderr.write("error: this local cloud has no port for its AWS API: start it with `make up`\n")
        return 1
    _forget_credentials()
    forget_objects(Store(home.aws_state))
    module("werkzeug.serving").make_server(HOST, port, Later(home), threaded=True).serve_forever()
    return 0


def _forget_credentials() -> None:
    """Nothing of the user's AWS settings has a place here, not even a profile that does not exist."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


class Later:
    """The application, made at the first request: moto costs seconds and memory that not every `make up` needs."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._application: Any = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """A WSGI call."""
        with self._lock:
            if self._application is None:
                self._application = module("localcloud.api.application").Application(self._home)
        return self._application(environ, start_response)


if __name__ == "__main__":
    sys.exit(main())
