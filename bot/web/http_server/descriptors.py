"""File descriptors of this process: connections, files and databases all take from one allowance."""

import resource

#: More than this is never asked for: some systems allow a thousand million, and programs that close "all"
#: walk through them.
TARGET_LIMIT = 65_536


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open descriptors to the hard one, at most `TARGET_LIMIT`; what holds from now
    on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = TARGET_LIMIT if hard == resource.RLIM_INFINITY else min(hard, TARGET_LIMIT)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return TARGET_LIMIT if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # a sandbox may forbid what the limits allow
        return soft
    return wanted


def descriptor_limit() -> int:
    """How many descriptors this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return TARGET_LIMIT if soft == resource.RLIM_INFINITY else soft
