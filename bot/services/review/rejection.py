"""Why a file was rejected, for a sentence: the chosen preset in the bot's voice, the expert's own words set
off."""

from bot.texts import Quoted, quoted, t
from storage.enums import RejectReason
from storage.tables import CooperationRequest, QualificationRequest

#: Presets of a cooperation request with a sentence of their own.
COOPERATION_PRESETS = ("OUT_OF_AREA", "INCORRECT_DATA")
_BETWEEN = "؛ "


def reason_and_note(preset: str | None, own: str | None) -> str:
    """Both as they are kept in one column."""
    return _BETWEEN.join(part for part in (preset, own) if part)


def of_request(request: QualificationRequest, *, by: str = "") -> Quoted:
    """`by` is what the reader calls the expert; the role where it is left out."""
    chosen = request.reject_reason
    presets = [] if chosen in (None, RejectReason.OTHER) else [t(f"reason.{chosen}")]
    return _apart(request.reject_text, presets, by)


def of_cooperation(request: CooperationRequest, *, by: str = "") -> Quoted:
    """The same for a cooperation request, which keeps no preset of its own."""
    return _apart(request.reject_text, [t(f"coop_reject.{preset}") for preset in COOPERATION_PRESETS], by)


def _apart(text: str | None, presets: list[str], by: str) -> Quoted:
    text, by = text or "", by or t("role.expert")
    for preset in presets:
        if text == preset or text.startswith(f"{preset}{_BETWEEN}"):
            return quoted(text.removeprefix(preset).removeprefix(_BETWEEN), by, preset)
    return quoted(text, by)
