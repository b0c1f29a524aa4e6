"""What can be trained, without TensorFlow: the catalogue, configurations and presets.

Each trainer, network, dataset, penalty, loss, optimizer and schedule is one row, a
class of options. `configuration.Config` holds one row of each.
"""
