"""Groundplan: put an AI platform on AWS, and rehearse all of it on one machine first."""

__version__ = "0.2.0"
