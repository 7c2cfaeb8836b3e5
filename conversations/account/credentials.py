"""What registration, login and new passwords share: entering an account, and showing a password once."""

from bot.core.context import Turn
from bot.core.screens import Button, Screen, button
from bot.security.passwords import GeneratedPassword
from bot.services import accounts
from bot.texts import t
from storage.tables import Account


def enter(turn: Turn, account: Account) -> None:
    """From here on this turn is that account's (its chat was just linked)."""
    assert account.id is not None
    turn.account = account
    turn.grants = tuple(accounts.active_grants(turn.db, account.id))


def credentials_screen(account: Account, password: str, key: str = "credentials.renewed") -> Screen:
    """User code and password, once (N1). Send it with `Reply.credentials_of`."""
    return Screen(
        t(key, user_code=account.user_code, password=password),
        (
            (Button(t("credentials.copy_code"), copy=account.user_code),),
            (Button(t("credentials.copy_password"), copy=password),),
        ),
        once=True,
    )


def is_unseen(turn: Turn, account: Account) -> bool:
    """Whether the account's password is not known to have arrived, and does not leave with this very
    answer."""
    return account.credentials_pending and not isinstance(turn.prepared, GeneratedPassword)


def home_button() -> Button:
    return button(t("nav.home"), "home")
