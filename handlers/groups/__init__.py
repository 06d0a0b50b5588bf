"""What is pressed on a card that several tickets share."""
