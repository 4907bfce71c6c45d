"""cert-manager beside the cluster: its own controllers and definitions, without its webhook and its image."""
