"""Guessing, through the whole screens of the real bot process: passwords, national codes, other people's cards."""

import re

from demo.person import Person
from tests.journeys.cooperation import NOT_ELIGIBLE, founded
from tests.journeys.qualification import JourneySetup
from tests.support.identities import next_mobile, next_national_code
from tests.support.journey_steps import follow, read_credentials, register

WRONG = "کد کاربری یا رمز عبور درست نیست."
LOCKED = "به دلیل تلاش‌های ناموفق، ورود تا"
ENOUGH = "امروز بیش از حد مجاز تلاش کرده‌اید"
TAKEN = "با این کد ملی پیش‌تر ثبت‌نام شده است"
NO_RECOVERY = "با این کد ملی و شماره، بازیابی ممکن نیست."


async def guess(person: Person, user_code: str, *passwords: str) -> list[str]:
    """What is said to each password in turn."""
    await person.start()
    await follow(person, ("🔑 ورود", "کد کاربری خود را"))
    await person.type(user_code)
    await person.sees("رمز عبور خود را")
    said = []
    for password in passwords:
        await person.type(password)
        said.append((await person.sees(re.compile(f"{WRONG}|{LOCKED}|خوش آمدید"))).text)
    return said


async def test_passwords(setup: JourneySetup) -> None:
    sara = await register(setup.bot, setup.officer())
    nobody = "00000000" if sara.credentials.user_code != "00000000" else "00000001"
    answers = dict[str, list[list[str]]]()
    for user_code in (sara.credentials.user_code, nobody):
        heard = answers[user_code] = []
        # Twenty wrong ones from four chats lock the code for chats that are not its owner's …
        for number in range(4):
            stranger = setup.here.person(f"غریبه{number}")
            heard.append(await guess(stranger, user_code, *(f"wrong-{n}" for n in range(5)), "wrong-6"))
        # … and so is a fifth chat, which has guessed nothing yet.
        heard.append(await guess(setup.here.person("دیگری"), user_code, sara.credentials.password))
        assert [WRONG in one for one in heard[0]] == [True] * 5 + [False]
        assert LOCKED in heard[0][-1]
        assert LOCKED in heard[4][0]
    # Whether anybody has the code is not told by any of it.
    of_somebody, of_nobody = (_without_minutes(one) for one in answers.values())
    assert of_somebody == of_nobody
    # Its owner is in, and stays in, and may come in by the number of the phone.
    await sara.person.command("menu")
    await sara.person.sees("سارا کریمی‌نژاد گرامی")
    again = setup.there.person("سارا", phone=sara.person.user.phone)
    await again.start()
    await asks_recovery(again, sara.national_code)
    await again.share()
    assert read_credentials(await again.sees("رمز عبور:")).user_code == sara.credentials.user_code


def _without_minutes(answers: list[list[str]]) -> list[list[str]]:
    return [[re.sub(r"[۰-۹]+", "n", one) for one in chat] for chat in answers]


async def code_tried(person: Person, code: str) -> str:
    """What is said to a national code typed in the open registration."""
    await person.type(code)
    return (await person.sees(re.compile(f"{TAKEN}|{ENOUGH}|تاریخ تولد خود را"))).text


async def test_national_codes(setup: JourneySetup) -> None:
    sara = await register(setup.bot, setup.officer())
    nosy = setup.here.person("فضول", phone=next_mobile())
    await nosy.start()
    await follow(nosy, ("📝 ثبت‌نام", "کد ملی ۱۰ رقمی"))
    for _ in range(5):
        assert TAKEN in await code_tried(nosy, sara.national_code)
    # The sixth says nothing any more, whosever it is, also after a new beginning and by the other way in.
    for code in (sara.national_code, next_national_code()):
        assert ENOUGH in await code_tried(nosy, code)
    await nosy.command("cancel")
    await nosy.start()
    await follow(nosy, ("ادامه پیش‌نویس", "کد ملی ۱۰ رقمی"))
    assert ENOUGH in await code_tried(nosy, sara.national_code)
    # A forgotten password answers alike to the code of somebody and of nobody, and to a wrong number.
    heard = set[str]()
    for number, code in enumerate((sara.national_code, next_national_code())):
        other = setup.here.person(f"فضول{number}", phone=next_mobile())
        heard.add(await recovery(other, code))
    assert len(heard) == 1
    assert NO_RECOVERY in heard.pop()


async def asks_recovery(person: Person, code: str) -> None:
    """From the welcome to the question for one's own card."""
    await follow(person, ("🔑 ورود", "کد کاربری خود را"), ("فراموشی کد یا رمز", "کد ملی خود را بفرستید."))
    await person.type(code)
    await person.sees("شماره همراهی را")


async def recovery(person: Person, code: str) -> str:
    await person.start()
    await asks_recovery(person, code)
    await person.share()
    return (await person.sees(NO_RECOVERY)).text


async def test_cards_of_others(setup: JourneySetup) -> None:
    """Somebody else's number opens nothing: not from the phone book, not forwarded, not typed."""
    sara = await register(setup.bot, setup.officer())
    thief = setup.here.person("دزد", phone=next_mobile())
    await thief.start()
    await asks_recovery(thief, sara.national_code)
    for sending in (
        thief.share(other=sara.person),
        thief.share(other=sara.mobile),
        thief.forward_contact(sara.person),
        thief.forward_contact(),
        thief.type(sara.mobile),
    ):
        await sending
        await thief.sees("لطفاً شماره خودتان را با دکمه ارسال کنید.")
    thief.sees_not("رمز عبور:")
    await sara.person.command("menu")
    await sara.person.sees("سارا کریمی‌نژاد گرامی")


async def test_a_manager_learns_nothing_by_asking_for_officers(setup: JourneySetup) -> None:
    sara = await register(setup.bot, setup.officer())
    manager = (await founded(setup)).person
    await manager.command("menu")
    await follow(manager, ("👤 انتخاب مسئول فنی", None), ("۱. مرکزی", "کد ملی مسئول فنی"))
    heard = list[str]()
    for number in range(21):
        await manager.type(sara.national_code if number % 2 else next_national_code())
        heard.append((await manager.sees(re.compile(f"{NOT_ELIGIBLE}|بیش از حد مجاز"))).text)
    assert len(set(heard[:20])) == 1, "registered and unknown are answered differently"
    assert NOT_ELIGIBLE in heard[0]
    assert NOT_ELIGIBLE not in heard[20]
