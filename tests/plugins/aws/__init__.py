"""A stand-in for Pulumi's AWS provider: an emulator's API instead of Amazon's, botocore's validation on every call."""
