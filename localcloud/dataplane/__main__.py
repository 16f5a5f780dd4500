"""The data plane's process: ``python -m localcloud.dataplane --https PORT --http PORT --proxy PORT``.

Three servers on 127.0.0.1: the load balancers' HTTPS and HTTP listeners, and a proxy into the cluster. It watches
the API server and never polls it, and ends on SIGTERM.
"""

import argparse

from localcloud.background import end_with, own_cluster, say
from localcloud.dataplane.data_plane import DataPlane
from localcloud.home import Home
from localcloud.kube.api import Api


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.dataplane", description=__doc__)
    for name in ("https", "http", "proxy"):
        parser.add_argument(f"--{name}", type=int, required=True, help="port on 127.0.0.1")
    ports = vars(parser.parse_args())
    home = Home.from_environment()
    cluster = own_cluster(home)
    plane = DataPlane(Api(cluster, connections=16), home)
    end_with(plane.stop)
    say(f"stand-in data plane on {cluster.server}: {ports}")
    plane.run(ports)


if __name__ == "__main__":
    main()
