"""A real Kubernetes on one Linux machine, for tests: its image, its start and its end.

    python -m tools.lab image | up | down | env | status

The Kubernetes itself comes from a folder beside the checkout (or POSTGRES_PLATFORM_LAB); nothing here needs a registry.
"""
