"""Scripted policies, a few lines each."""
