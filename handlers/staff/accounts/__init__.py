"""Staff's screens of accounts: looking one up, experts of universities, invitations."""
