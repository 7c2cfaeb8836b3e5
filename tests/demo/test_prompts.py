"""Sample answers and papers, and the transcript."""

import io

import pytest
from PIL import Image
from pypdf import PdfReader

from demo import sample_documents
from demo.emulators import Emulators
from demo.prompts import Identity, learn, national_code, sample_for, suggest
from demo.seen import Seen, SeenButton
from demo.users import DemoUsers

SARA = Identity("سارا", "کریمی‌نژاد", "۹۹۹۱۰۰۰۰۰۳", "۰۹۹۰۱۱۱۰۰۰۱")


def screen(text: str, *, contact: bool = False) -> Seen:
    keyboard = ((SeenButton("📱", asks_contact=True),),) if contact else ()
    return Seen(1, text, text, (), keyboard, (), True, None, False, False, 1)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("کد ملی ۱۰ رقمی خود را بنویسید. با هر کد ملی فقط یک بار می‌توان ثبت‌نام کرد.", "۹۹۹۱۰۰۰۰۰۳"),
        ("نام خانوادگی خود را مطابق شناسنامه بنویسید.", "کریمی‌نژاد"),
        ("نام خود را مطابق شناسنامه بنویسید.", "سارا"),
        ("شماره شناسنامه خود را بنویسید.", "۱۲۳۴"),
        ("نام شهر محل زندگی خود را بنویسید؛ مانند شیراز.", "شیراز"),
        ("نام رشته تحصیلی خود را بنویسید؛ مانند «مهندسی پزشکی». (۶ از ۷)", "مهندسی پزشکی"),
        ("تاریخ تولد خود را شمسی بنویسید؛ مانند ۱۳۶۵/۰۴/۱۲. کد ملی", "۱۳۶۵/۰۴/۱۲"),
        ("مقدار فعلی: ۱۲۳۴\n\nشماره شناسنامه خود را بنویسید.", "۵۶۷۸"),
    ],
)
def test_a_prompt_is_answered(prompt: str, answer: str) -> None:
    assert [one.text for one in suggest(SARA, screen(prompt))] == [answer]


def test_no_answer_where_a_button_gives_it_or_nothing_is_asked() -> None:
    assert suggest(SARA, screen("«📱 ارسال شماره همراه» را در پایین صفحه ارسال کنید.", contact=True)) == []
    assert suggest(SARA, screen("نام: سارا\nنام پدر: علی\nآدرس محل زندگی: شیراز")) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("تصویر کارت ملی (رو و پشت)", "national_card"),
        ("گواهی دوره آموزشی مسئول فنی", "officer_course"),
        ("کارت پایان خدمت یا معافیت", "military_card"),
        ("گواهی عدم سوءپیشینه", "no_criminal_record"),
        ("تسویه یا موافقت با استعفا از محل قبلی", "former_release"),
        ("سوابق کاری / بیمه", "work_experience"),
    ],
)
def test_a_paper_is_found_by_its_document(name: str, code: str) -> None:
    assert sample_for(name) == code
    asked = suggest(SARA, screen(f"📎 «{name}» را به‌صورت عکس یا فایل بفرستید."))
    assert [one.document for one in asked] == [code]


def test_shown_credentials_are_remembered() -> None:
    sara = Identity("سارا", "", "", "")
    assert learn(sara, "کد کاربری: \u206612345678\u2069\nرمز عبور: \u2066Kq7mXw3TnRpd\u2069")
    assert (sara.user_code, sara.password) == ("12345678", "Kq7mXw3TnRpd")
    assert not learn(sara, "کد کاربری خود را بنویسید.")


def test_national_codes_have_their_check_digit() -> None:
    assert national_code(123_456) == "9991234561"


@pytest.mark.parametrize("code", sample_documents.SAMPLE_DOCUMENTS)
def test_papers_are_real_files(code: str) -> None:
    picture = sample_documents.jpeg(code, "سارا")
    assert Image.open(io.BytesIO(picture)).format == "JPEG"
    assert 10_000 < len(picture) < 1_000_000
    assert picture != sample_documents.jpeg(code, "علی")
    assert picture == sample_documents.jpeg(code, "سارا")
    assert len(PdfReader(io.BytesIO(sample_documents.pdf(code, "سارا"))).pages) == 1


async def test_transcript_reads_as_a_chat(emulators: Emulators) -> None:
    sara = DemoUsers(emulators).add(emulators.telegram, "سارا", mobile="09901110001").person
    emulators.transcript.heading("آزمایش")
    await sara.start()
    await sara.share()
    assert str(emulators.transcript).splitlines() == [
        "",
        "═══ آزمایش ═══",
        "",
        "سارا · تلگرام:",
        "   /start",
        "",
        "سارا · تلگرام:",
        "   📱 +989901110001",
    ]
