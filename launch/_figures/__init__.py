"""The figures of papers, computed with this package's losses, penalties and trainers.

`_names` lists them. Each paper is a module, in which each figure is a function of the
seed that returns a `Figure`: the numbers, and what they mean.
"""
