"""YAML and JSON as people write them: trees of nodes that know their lines, with bounds on what they may cost."""
