"""The Kubernetes side of the local cloud: API access, typed objects, Helm releases and their readiness."""
