"""Measurements of what the launchers train; nothing else imports them."""
