"""The driver behind `make up` and its kin: runs the project's program through Pulumi's Automation API, and looks after
what a person should not have to know: the backend, the passphrase, what an interrupted run left, what is running.
"""
