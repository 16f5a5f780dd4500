"""Pulumi resource providers that the real engine runs in place of the published plugins."""
