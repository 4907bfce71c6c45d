"""The Kubernetes platform: the manifests of `k8s/`, overlaid with a stack's settings, as Pulumi resources."""
