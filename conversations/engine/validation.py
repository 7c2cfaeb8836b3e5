"""Mistakes of a declaration that show without a database; found when the engine starts."""

from bot.texts import has, placeholders
from conversations.engine.declaration import Dialogue, Step

#: Told with every missing text.
WHERE = "write them into a catalogue under bot/texts/fa/ (docs/adding-a-dialogue.md names the one)"


def check_dialogue(dialogue: Dialogue) -> None:
    """Raise ValueError for mistakes of a declaration that show without a database."""
    for key in (dialogue.summary, dialogue.second_question, dialogue.confirm):
        if isinstance(key, str) and not has(key):
            raise ValueError(f"dialogue {dialogue.name!r}: no texts {[key]}: {WHERE}")
    unnamed = [f"trail.{event}" for event in dialogue.events if not has(f"trail.{event}")]
    if unnamed:
        raise ValueError(f"dialogue {dialogue.name!r}: no texts {unnamed}: {WHERE}")
    if callable(dialogue.steps):
        return
    keys = [step.key for step in dialogue.steps]
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"dialogue {dialogue.name!r}: no steps, or one twice: {keys}")
    if isinstance(dialogue.second_question, str):
        unknown = placeholders(dialogue.second_question) - set(keys)
        if unknown:
            raise ValueError(
                f"dialogue {dialogue.name!r}: {dialogue.second_question!r} names no step: {sorted(unknown)}"
            )
    for step in dialogue.steps:
        check_step(dialogue, step, last=step is dialogue.steps[-1])


def check_step(dialogue: Dialogue, step: Step, *, last: bool) -> None:
    """Raise ValueError for a step whose texts are missing or whose secret would have to be written down."""
    wanted = {
        f"ask.{step.key}": step.prompt or step.question.name,
        f"field.{step.key}": step.label or step.question.name,
    }
    missing = [
        key
        for key, given in wanted.items()
        if not given and not (has(key) or (step.hidden and "field" in key))
    ]
    if missing:
        raise ValueError(f"dialogue {dialogue.name!r}: no texts {missing}: {WHERE}")
    if step.question.secret and (not last or dialogue.summary or dialogue.second_question or not step.hidden):
        raise ValueError(
            f"dialogue {dialogue.name!r}: secret {step.key!r} must be hidden, last, and finish at once"
        )
