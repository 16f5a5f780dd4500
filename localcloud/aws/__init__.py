"""The simulated AWS: resource shapes, names, rules and state of one account."""
