"""`make shell`: plain pulumi, kubectl, helm and aws work on the local cloud, with no flags."""

import os
import subprocess
import sys
from pathlib import Path

from localcloud.cloud import Cloud
from localcloud.home import PROJECT

COMMANDS = """
pulumi config get vllmApiKey | cut -c1-6
pulumi stack --show-name
kubectl get namespaces --no-headers -o name
helm list -A -q | wc -l
aws --region us-east-2 eks get-token --cluster-name inference | cut -c1-14
aws sts get-caller-identity --query Arn --output text
aws eks list-clusters --query 'length(clusters)' --output text
aws eks describe-cluster --name inference 2>&1 | tail -1
"""


def test_plain_commands_work_in_the_shell(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    try:
        shell = subprocess.run(
            [sys.executable, "-m", "localcloud", "shell", "--root", str(tmp_path)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "SHELL": "/bin/sh"},
            input=COMMANDS,
            capture_output=True,
            text=True,
            check=False,
        )
        assert shell.returncode == 0, shell.stderr
        lines = shell.stdout.splitlines()
        assert lines[:2] == ["local-", "dev"], shell.stdout + shell.stderr
        assert "namespace/kube-system" in lines
        assert lines[-5:-3] == ["0", '{"apiVersion":']
        arn, clusters, refusal = lines[-3:]
        assert (arn, clusters) == ("arn:aws:iam::111122223333:user/local-cloud", "0")
        assert "(ResourceNotFoundException)" in refusal
        assert "No cluster found for name: inference." in refusal
    finally:
        cloud.stop()
