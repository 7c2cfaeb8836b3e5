"""Kavenegar's own SDK, against the emulated provider: prints what each call gives, as JSON."""

import json
import os

import kavenegar
import requests

post = requests.post


def to_emulator(url: str, **options: object) -> requests.Response:
    """The SDK has its host built in."""
    return post(url.replace("https://api.kavenegar.com", os.environ["KAVENEGAR_URL"]), **options)


kavenegar.requests.post = to_emulator
api = kavenegar.KavenegarAPI(os.environ["KAVENEGAR_API_KEY"])
told = {}
told["send"] = api.sms_send({"receptor": "09121234567", "message": "سلام از کاوه‌نگار", "localid": "7"})
told["again"] = api.sms_send({"receptor": "09121234567", "message": "سلام از کاوه‌نگار", "localid": "7"})
number = told["send"][0]["messageid"]
told["status"] = api.sms_status({"messageid": number})
told["local"] = api.sms_statuslocalmessageid({"localid": "7"})
told["lookup"] = api.verify_lookup(
    {"receptor": "09121234567", "token": "12345", "template": "officer-password", "type": "sms"}
)
told["account"] = api.account_info()
for name, call in {
    "nobody": lambda: api.sms_send({"receptor": "12", "message": "x"}),
    "empty": lambda: api.sms_send({"receptor": "09121234567", "message": ""}),
    "key": lambda: kavenegar.KavenegarAPI("wrong").account_info(),
}.items():
    try:
        told[name] = call()
    except kavenegar.APIException as error:
        told[name] = eval(str(error)).decode()  # the SDK raises bytes
print(json.dumps(told, ensure_ascii=False))
