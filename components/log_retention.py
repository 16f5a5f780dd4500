"""How long CloudWatch Logs may keep a log group's events."""

RETENTION_DAYS: tuple[int, ...] = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that PutRetentionPolicy takes (CloudWatch Logs API reference)."""
