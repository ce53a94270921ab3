"""What says how seats will act."""
