"""The HTTP server: listening sockets, limits on connections and requests, client addresses."""
