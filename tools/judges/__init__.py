"""Other people's judges on k8s/: `make judges`; exit code 1 for what k8s/exceptions.yaml does not list.

    kubernetes-validate, kubeconform    Kubernetes' own schemas, of its oldest and newest version that we know, strictly
    Pod Security                        the evaluator of the API server itself, at `restricted`, latest version
    checkov, kube-score                 their rules for workloads

All work offline once they are made. The first and checkov come from PyPI, the others are built by Go, and take no part
where Go is not installed.
"""
