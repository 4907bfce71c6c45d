"""Started by the engine through `pulumi-resource-aws`."""

from __future__ import annotations

from tests.plugins.aws.provider import AmazonWebServices
from tests.plugins.protocol import serve

serve(AmazonWebServices())
