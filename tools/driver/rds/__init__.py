"""How a stack on Amazon RDS is at this moment: `questions` asks AWS, `members`, `pooler` and `report` decide, `tables`
shows. Nothing is asked of Pulumi, so it works without its state.
"""
