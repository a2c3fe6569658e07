"""Serving: prompts read, tokens generated, on one replica and on a fleet of them.

`layout` says how a model is cut over accelerators, `engine` what a pass costs on them, `passes` how long
one forward pass takes, `memory` how many sequences fit; `modes` turns passes into tokens a second when
prompts and tokens share the accelerators, when they do not, and when latency is limited.
"""
