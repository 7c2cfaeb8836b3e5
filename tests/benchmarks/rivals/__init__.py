"""Small bots to compare with: the same two questions, in the way of each library's own examples."""
