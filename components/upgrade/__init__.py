"""What inside a database stops a major upgrade, or makes it regretted: asked over SQL before anybody orders it."""
