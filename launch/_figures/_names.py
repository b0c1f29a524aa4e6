"""The names of all figures, by the module of their paper."""

BY_PAPER = {
    "non_saturating": ("logarithms", "generator_losses", "frozen_generator"),
    "least_squares": (
        "far_fakes",
        "loss_curves",
        "chi_square",
        "least_squares_optimum",
    ),
    "relativistic": ("prior_knowledge", "divergence_paths", "bread"),
    "improved_techniques": (
        "label_smoothing",
        "historical_averaging",
        "minibatch_similarity",
    ),
    "dirac": ("dirac_losses", "dirac_penalties"),
}
NAMES = tuple(name for names in BY_PAPER.values() for name in names)
