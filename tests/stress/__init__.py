"""Long trials of what tests can only try for a moment: `python -m stress`, from `tests`."""
