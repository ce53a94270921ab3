"""Agents for prospect-env: scripted strategies, predictors, planners, language models and learners."""
