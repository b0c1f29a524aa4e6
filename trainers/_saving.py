"""How a model of two networks and two optimizers is written to a `.keras` file."""

import keras

_serialize = keras.saving.serialize_keras_object


def _deserialize(config, custom_objects=None):
    return keras.saving.deserialize_keras_object(config, custom_objects=custom_objects)


def _weight(history):
    return history and history.weight


class Saveable:
    """The part of `AdversarialTrainer` that Keras calls to save and to load it."""

    def get_config(self):
        return {
            "name": self.name,
            "generator": _serialize(self.generator),
            "discriminator": _serialize(self.discriminator),
            "penalties": [_serialize(penalty) for penalty in self.penalties],
            "discriminator_history": _weight(self.discriminator_history),
            "generator_history": _weight(self.generator_history),
            "discriminator_steps": self.discriminator_steps,
            "reuse_real_batch": self.reuse_real_batch,
            "joint_batch": self.joint_batch,
            "ema_decay": self.ema_decay,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name in ("generator", "discriminator"):
            config[name] = _deserialize(config[name], custom_objects)
        config["penalties"] = [
            _deserialize(penalty, custom_objects) for penalty in config["penalties"]
        ]
        return cls(**config)

    def get_compile_config(self):
        _check_saveable(self.generator_optimizer, self.discriminator_optimizer)
        return {
            "generator_optimizer": _serialize(self.generator_optimizer),
            "discriminator_optimizer": _serialize(self.discriminator_optimizer),
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config):
        optimizers = {
            name: _deserialize(config[name])
            for name in ("generator_optimizer", "discriminator_optimizer")
        }
        self.compile(**optimizers, jit_compile=config["jit_compile"])


def _check_saveable(*optimizers):
    """Refuses what Keras 2 would write without its state, and say nothing."""
    for optimizer in optimizers:
        if not hasattr(optimizer, "save_own_variables"):
            raise ValueError(
                "`optimizer` must be one of Keras for a `.keras` file, which would not "
                "hold the state of one of Addons; checkpoints do. "
                f"Received: optimizer={type(optimizer).__name__}"
            )
