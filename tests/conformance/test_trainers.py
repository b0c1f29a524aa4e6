"""Every public trainer has its oracle, and every oracle a trainer."""

import inspect

import trainers
from tests.trainers import dirac
from tests.trainers import test_saving
from tests.trainers import test_trainers


def test_every_trainer_is_in_every_table():
    public = {value for value in vars(trainers).values() if inspect.isclass(value)}
    final = public - {trainers.AdversarialTrainer, trainers.Batch}
    assert final == set(dirac.GAMES)
    assert final == set(test_saving.ARGUMENTS)
    assert final == set(test_trainers.PAPER_DEFAULTS)
