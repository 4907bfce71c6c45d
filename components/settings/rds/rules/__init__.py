"""What must hold in a stack of platform rds, told before AWS is asked: one function a rule, all of them run.

Each yields findings with path, what was found, what is allowed and what to do. Sources are named where a rule is AWS's;
everything is checked offline, against settings/catalogue/rds-offers.json and rds-parameters.json.
"""

from components.settings.rds.rules.every import advice, findings

__all__ = ["advice", "findings"]
