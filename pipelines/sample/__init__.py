"""The sample world: small pictures with captions that are true of them, and planted defects.

It stands in for real data on a machine that has none. What a picture shows is data; drawing it and
saying what is in it are separate functions of it, so that either can grow without the other.
"""

from pipelines.sample.writing import write_sample

__all__ = ["write_sample"]
