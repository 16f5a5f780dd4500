"""How long operations take, how they fail, and when: what makes the simulated account behave like a real one."""
