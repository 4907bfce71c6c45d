"""A stand-in for Pulumi's Kubernetes provider plugin: server-side apply on a real API server."""
