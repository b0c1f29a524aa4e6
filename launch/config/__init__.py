"""The catalogue of what can be trained, configurations and presets.

Each trainer, network, dataset, penalty, loss, optimizer and schedule is one row, a
class of options. `configuration.Config` contains one row of each. Nothing here imports
TensorFlow.
"""
