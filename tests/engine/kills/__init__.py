"""Kills the engine at chosen operations, runs again, and looks at what is left: the kill matrix."""
