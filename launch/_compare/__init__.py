"""Comparisons of runs: cells, the processes that run them, their results and a report.

A cell is an ordinary run in an ordinary folder. Nothing here imports TensorFlow.
"""
