"""The words a game is told in."""
