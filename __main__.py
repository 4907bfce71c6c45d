"""What `pulumi up` and `make up` run: load the settings, provision the platform, set up access, export."""

from __future__ import annotations

import pulumi

from components.access.logins import logins
from components.access.provider import load_specs, set_up_access
from components.platforms import provision, stack_settings

settings = stack_settings()
specs = load_specs(settings)  # whatever is wrong with them is said before the first resource
cluster = provision(settings, specs)
server = cluster.server
after = pulumi.ResourceOptions(depends_on=[cluster])
urls = set_up_access(settings, server, after, cluster.identity, cluster.coming)
cluster.publish(logins(specs, urls))

pulumi.export(
    "endpoints",
    pulumi.Output.from_input(server).apply(
        lambda known: {
            "writer": str(known.writer),
            "reader": str(known.reader),
            "pooled": str(known.pooled),
            "pooled_reader": str(known.pooled_reader),
        }
    ),
)
pulumi.export("urls", pulumi.Output.secret(urls))
