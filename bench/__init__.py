"""Ratios against the bare parts, measured side by side in one run: `python -m bench`."""
