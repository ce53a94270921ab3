"""What turns a forecast into a choice."""
