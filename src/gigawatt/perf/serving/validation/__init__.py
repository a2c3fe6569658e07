"""Predicting measured serving points, each with its own layout, load and lengths."""
