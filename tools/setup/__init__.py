"""Installs what a make target needs, then runs it. Standard library only: it runs before anything is installed.

Each step looks first and does nothing when its work is done, shows progress while it works, and may be killed at any
moment: what it makes counts only once its stamp is written, and half of it is thrown away by the next run.
"""
