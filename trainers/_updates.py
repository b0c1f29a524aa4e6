"""Updates of one network, or of both, in a training step."""

import contextlib

import tensorflow as tf

from tfgan_tricks import _compat
from tfgan_tricks import layers
from tfgan_tricks._scoped import Scoped
from trainers import _arguments
from trainers import _micro_batches
from trainers import _ordering
from trainers import _schedules
from trainers import _simultaneous
from trainers import _skipping
from trainers._batch import Batch
from trainers._micro_batches import Descent
from trainers._two_player_model import TwoPlayerModel

# Derives a new seed from a seed and a number.
fold = tf.random.experimental.stateless_fold_in
# A list of the passes through the discriminator that its loss shares with penalties.
passes = Scoped()
# A list of the fake batch that the generator's objective uses instead of a new one.
kept_fake = Scoped()


class UpdatedModel(TwoPlayerModel):
    """A model of two players that a training step updates.

    It contains the only calls of the optimizers. Subclasses define the objectives.
    """

    def update_discriminator(self, real: Batch, index: int = 0) -> None:
        """Updates the discriminator.

        Args:
            real: Real images.
            index: Number of the update in the step, from 0.
        """
        seed = self.random_seed(f"discriminator {index}")
        self._update_discriminator(
            real, lambda real: self.sample_like(real, fold(seed, 0)), fold(seed, 1)
        )

    def update_generator(self, real: Batch) -> None:
        """Updates the generator.

        Args:
            real: Real images, for the labels and for losses that compare with them.
        """
        seed = self.random_seed("generator")
        player = self.generator_player
        self._update(
            player,
            lambda: self._descend(
                player, real, lambda real, tape: self.generator_objective(real, seed)
            ),
        )

    def update_both(self, real: Batch) -> None:
        """Updates both networks, each against the other's weights before the update.

        The generator and the discriminator run once on the fake images, and the
        discriminator once on the real images. Penalties other than R1 add their own
        passes. For each fake image, the gradients of the two losses differ by one
        factor, the ratio of the losses' slopes with respect to the image's logit. Where
        this ratio does not exist, as beyond the margin of a hinge loss, or where an
        image has several logits, the generator's gradient passes back through the
        discriminator separately. Neither way changes the result.

        This requires a discriminator that judges each example independently. Layers
        that are known to mix examples, such as batch normalization, are refused.

        Args:
            real: Real images.

        Reference:
            Shen et al., 2021, arXiv:2103.00430.
        """
        _schedules.check_independent(self.discriminator)
        seed = self.random_seed("discriminator 0")
        with layers.updates_once():
            for player in self.players:
                player.begin_update()
            seeds = fold(seed, 0), fold(seed, 1)
            both = _micro_batches.descents(
                self,
                lambda real: _simultaneous.descents(self, real, *seeds),
                real,
                self.players,
            )
            both = _ordering.waiting_for_all(both)
            for player, descent in zip(self.players, both, strict=True):
                self._apply(player, *descent)
        self.constrain_discriminator()

    def sharing_passes(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which penalties use the passes of the loss.

        They make passes of their own if those would differ, as with dropout.
        """
        is_exact = self.discriminator_player.is_repeatable
        return passes.set_to([] if self.penalties and is_exact else None)

    def constrain_discriminator(self) -> None:
        """Changes the discriminator's weights after each of its updates, if at all."""

    @property
    def num_shares(self) -> int:
        """The number of replicas and parts of a batch whose gradients are summed."""
        # Keras sums gradients over the replicas.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return replicas * self.micro_batches

    def _update_discriminator(self, real, draw, seed):
        player = self.discriminator_player

        def objective(real, tape):
            with tape.stop_recording():
                fake = draw(real)
            fake = fake._replace(images=tf.stop_gradient(fake.images))
            return self.discriminator_objective(real, fake, seed)

        with self.sharing_passes():
            self._update(player, lambda: self._descend(player, real, objective))
        self.constrain_discriminator()

    def _update_on_one_fake_batch(self, real, real_of_generator, index):
        """Updates the discriminator in the course of the generator's update."""
        seed = self.random_seed(f"discriminator {index}")
        player = self.generator_player

        def objective(real, tape):
            fake = self.sample_like(real, fold(seed, 0))
            with tape.stop_recording():
                self._update_discriminator(real, lambda _: fake, fold(seed, 1))
            with kept_fake.set_to([fake]):
                return self.generator_objective(
                    real_of_generator, self.random_seed("generator")
                )

        self._update(player, lambda: self._descend(player, real, objective))

    def _update(self, player, update):
        with layers.updates_once(player.network):
            _skipping.run_or_undo(update, player, self.players)

    def _descend(self, player, real, objective):
        def descent(real):
            with tf.GradientTape() as tape:
                terms = objective(real, tape)
                terms = _arguments.checked_terms(terms, player, self.trackers)
                terms |= player.own_terms()
                total = tf.add_n(list(terms.values())) / self.num_shares
                total = _compat.scale_loss(player.optimizer, total)
            variables = player.network.trainable_variables
            return (Descent(terms, tape.gradient(total, variables)),)

        player.begin_update()
        (whole,) = _micro_batches.descents(self, descent, real, [player])
        return self._apply(player, *_ordering.waiting_for_all(whole))

    def _apply(self, player, terms, gradients):
        variables = player.network.trainable_variables
        _arguments.check_gradients(gradients, player)
        gradients, is_finite = _skipping.unscaled(player.optimizer, gradients)
        player.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        for name, value in terms.items():
            self.trackers[name].update_state(value)
        return is_finite
