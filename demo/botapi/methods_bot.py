"""Methods about the bot itself, its updates, and the files that people sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from demo.botapi import files
from demo.botapi.call import Call, Verbatim, method
from demo.botapi.courier import Webhook
from demo.botapi.errors import broken_rule
from demo.botapi.state import Json


@method("getMe")
async def get_me(call: Call) -> Json:
    return call.state.shapes.me(call.bot)


@method("getUpdates")
async def get_updates(call: Call) -> Verbatim:
    params = call.params
    call.queue.allow(params.object("allowed_updates", list))
    updates = await call.queue.poll(
        offset=params.integer("offset", 0) or 0,
        limit=params.integer("limit", 100) or 0,
        timeout=params.integer("timeout", 0) or 0,
    )
    return Verbatim(b"[" + b", ".join(updates) + b"]")


@method("setWebhook")
async def set_webhook(call: Call) -> bool:
    url = call.params.text("url") or ""
    if not url:
        call.queue.set_webhook(None, drop=call.params.flag("drop_pending_updates"))
        return True
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not local:
        raise broken_rule("bad webhook: An HTTPS URL must be provided for webhook")
    ports = (443, 88) if call.bale else (443, 80, 88, 8443)
    if not local and (parts.port or 443) not in ports:
        raise broken_rule(f"bad webhook: Webhook can be set up only on ports {', '.join(map(str, ports))}")
    secret = call.params.text("secret_token")
    if secret and not (len(secret) <= 256 and secret.replace("_", "").replace("-", "").isalnum()):
        raise broken_rule("secret token contains unallowed characters")
    allowed = call.params.object("allowed_updates", list)
    call.queue.allow(allowed)
    hook = Webhook(url, secret, call.params.integer("max_connections", 40) or 40, call.queue.allowed)
    call.queue.set_webhook(hook, drop=call.params.flag("drop_pending_updates"))
    return True


@method("deleteWebhook")
async def delete_webhook(call: Call) -> bool:
    call.queue.set_webhook(None, drop=call.params.flag("drop_pending_updates"))
    return True


@method("getWebhookInfo")
async def get_webhook_info(call: Call) -> Json:
    hook = call.queue.webhook
    if call.state.quirks.webhook_info == "url":
        return {"url": hook.url if hook else ""}
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(call.queue.waiting),
    }
    if hook is not None:
        info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
        if hook.last_error is not None:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
        if hook.allowed:
            info["allowed_updates"] = hook.allowed
    return info


def _scope(call: Call) -> str:
    """Which chats a menu is for; Bale knows one menu."""
    scope = {} if call.bale else call.params.object("scope", dict) or {}
    match scope.get("type", "default"):
        case "default":
            return "default"
        case "chat":
            return f"chat:{int(scope.get('chat_id', 0))}"
    raise broken_rule("unsupported scope specified")


@method("setMyDescription")
async def set_my_description(call: Call) -> bool:
    text = call.params.text("description") or ""
    if len(text) > 512:
        raise broken_rule("BOT_DESCRIPTION_TOO_LONG")
    call.bot.description = text
    return True


@method("getMyDescription")
async def get_my_description(call: Call) -> Json:
    return {"description": call.bot.description}


@method("setMyShortDescription")
async def set_my_short_description(call: Call) -> bool:
    text = call.params.text("short_description") or ""
    if len(text) > 120:
        raise broken_rule("BOT_SHARE_TEXT_TOO_LONG")
    call.bot.short_description = text
    return True


@method("getMyShortDescription")
async def get_my_short_description(call: Call) -> Json:
    return {"short_description": call.bot.short_description}


@method("setMyCommands")
async def set_my_commands(call: Call) -> bool:
    commands = call.params.object("commands", list)
    for command in commands:
        name, about = str(command.get("command", "")).removeprefix("/"), str(command.get("description", ""))
        if not (
            name.isascii() and name.replace("_", "").isalnum() and name == name.lower() and len(name) <= 32
        ):
            raise broken_rule("BOT_COMMAND_INVALID")
        if not 1 <= len(about) <= 256:
            raise broken_rule("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise broken_rule("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_scope(call)] = commands
    return True


@method("getMyCommands")
async def get_my_commands(call: Call) -> list[Json]:
    return call.bot.commands.get(_scope(call), [])


@method("deleteMyCommands")
async def delete_my_commands(call: Call) -> bool:
    call.bot.commands.pop(_scope(call), None)
    return True


@method("getFile")
async def get_file(call: Call) -> Json:
    file, path = files.open_path(call.bot, call.params.text("file_id") or "")
    shape: Json = {
        "file_id": call.params.text("file_id"),
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": path,
    }
    if call.state.quirks.file_unique_id != "always":
        del shape["file_unique_id"]
    return shape
