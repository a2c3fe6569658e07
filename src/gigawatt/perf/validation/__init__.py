"""Measured runs predicted with their own strategy, and the constants fitted to them."""
