"""What an operator does to the data now and then: back up, restore, change the key."""
