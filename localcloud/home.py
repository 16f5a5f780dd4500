"""Where one local cloud keeps everything: a folder, its files, and nothing outside it."""

import dataclasses
import os
from pathlib import Path

HOME_VARIABLE = "INFERENCE_PLANE_LOCALCLOUD"
"""Environment variable that names the folder of the local cloud that a provider or shim belongs to."""

RECOVERING_VARIABLE = "INFERENCE_PLANE_RECOVERING"
"""Environment variable of the commands that a recovery runs: they start no recovery of their own."""

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout this code runs from."""


@dataclasses.dataclass(frozen=True)
class Home:
    """The folder of one local cloud; several can exist side by side."""

    root: Path

    @staticmethod
    def from_environment() -> "Home":
        """The local cloud of this process, named by `HOME_VARIABLE`."""
        root = os.environ.get(HOME_VARIABLE)
        if not root:
            raise RuntimeError(f"{HOME_VARIABLE} is not set: this program is started by the local cloud only")
        return Home(Path(root))

    @property
    def account_file(self) -> Path:
        """YAML description of what the account holds before the stack; users may edit it."""
        return self.root / "account.yaml"

    @property
    def aws_state(self) -> Path:
        """SQLite database with every simulated AWS resource."""
        return self.root / "aws.sqlite3"

    @property
    def faults_file(self) -> Path:
        """YAML list of the faults that operations are to meet; written by users only."""
        return self.root / "faults.yaml"

    @property
    def faults_state(self) -> Path:
        """SQLite database of the faults that have happened."""
        return self.root / "faults.sqlite3"

    @property
    def journal(self) -> Path:
        """Folder of the operations that were begun; see `localcloud.journal`."""
        return self.root / "journal"

    @property
    def bin(self) -> Path:
        """Folder of the shims that go first on PATH."""
        return self.root / "bin"

    @property
    def backend(self) -> Path:
        """Folder of the Pulumi file backend."""
        return self.root / "backend"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME of this local cloud."""
        return self.root / "pulumi"

    @property
    def stacks(self) -> Path:
        """Folder of the stack files with the local secrets in them."""
        return self.root / "stacks"

    @property
    def logs(self) -> Path:
        """Folder of the log file of each process."""
        return self.root / "logs"

    @property
    def kube(self) -> Path:
        """Folder of certificates, keys, tokens and kubeconfigs of the control plane."""
        return self.root / "kube"

    @property
    def admin_kubeconfig(self) -> Path:
        """Kubeconfig of the local cloud's own processes (cluster administrator, static token)."""
        return self.kube / "admin.kubeconfig"

    @property
    def admin_token(self) -> Path:
        """File with the token that stands for the AWS identity that runs `pulumi`."""
        return self.kube / "admin.token"

    @property
    def ca_certificate(self) -> Path:
        """PEM certificate of the control plane's authority."""
        return self.kube / "ca.crt"

    @property
    def endpoint_file(self) -> Path:
        """One line: the API server's URL, ``https://127.0.0.1:<port>``."""
        return self.kube / "endpoint"

    @property
    def ports(self) -> Path:
        """JSON of the ports on 127.0.0.1 that this local cloud chose at its first start, by name."""
        return self.root / "ports.json"

    @property
    def data_plane(self) -> Path:
        """Folder of what the data plane has to remember."""
        return self.root / "dataplane"

    @property
    def processes(self) -> Path:
        """JSON list of the processes that this local cloud started."""
        return self.root / "processes.json"
