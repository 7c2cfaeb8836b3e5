"""Accounts: registration, login, roles, chats, passwords, what staff do to accounts, experts.

See docs/specification.md 2.1.
"""

from bot.services.accounts.credentials import (
    change_password,
    count_recovery,
    recover,
    refuse_recovery_if_throttled,
    renew,
)
from bot.services.accounts.experts import (
    ExpertGrant,
    appoint_expert,
    create_user,
    deactivate,
    expert,
    numbers,
    of_university,
)
from bot.services.accounts.known_chats import prove
from bot.services.accounts.login import account_lock, count_wrong, login, refuse_if_locked
from bot.services.accounts.mobile import change_mobile, refuse_mobile_change
from bot.services.accounts.queries import by_national_code, by_user_code, chat_of, chats_of, in_circulation
from bot.services.accounts.registration import (
    Registration,
    duplicate,
    register,
    require_allowed,
    try_national_code,
)
from bot.services.accounts.roles import active_grants, choose, grant, revoke
from bot.services.accounts.sessions import act_as, link, logout, session_mark, sign_out
from bot.services.accounts.staff import annul, case_of, lift, reset_access, suspend

__all__ = [
    "ExpertGrant",
    "Registration",
    "account_lock",
    "act_as",
    "active_grants",
    "annul",
    "appoint_expert",
    "by_national_code",
    "by_user_code",
    "case_of",
    "change_mobile",
    "change_password",
    "chat_of",
    "chats_of",
    "choose",
    "count_recovery",
    "count_wrong",
    "create_user",
    "deactivate",
    "duplicate",
    "expert",
    "grant",
    "in_circulation",
    "lift",
    "link",
    "login",
    "logout",
    "numbers",
    "of_university",
    "prove",
    "recover",
    "refuse_if_locked",
    "refuse_mobile_change",
    "refuse_recovery_if_throttled",
    "register",
    "renew",
    "require_allowed",
    "reset_access",
    "revoke",
    "session_mark",
    "sign_out",
    "suspend",
    "try_national_code",
]
