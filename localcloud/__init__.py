"""The local cloud: what a stack needs of AWS and Kubernetes, on loopback, under one folder.

Real parts: the Pulumi engine, etcd, the Kubernetes API server, controller manager and scheduler, Helm.
Simulated, and named so: AWS itself, kubelets (KWOK), and the pods of charts that need a registry.
"""
