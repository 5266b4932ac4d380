"""Measurements of the project's own claims and against the tools that users would take instead.

They print tables and are run by hand, from the repository's root: `python -m benchmarks.overhead`.
"""
