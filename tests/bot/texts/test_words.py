"""What people wrote, inside the bot's sentences: no line of it passes for the bot's, nothing in it can be tapped."""

import re
import string
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.messengers.transport.channel import MAX_TEXT, split_text, utf16_units
from bot.texts import BIDI_MARKS, OURS, WRITTEN, Quoted, catalogue, quoted, t
from bot.texts.words import (
    BAR,
    END,
    inside,
    isolate,
    one_line,
    set_off,
    settled,
    visible,
    without_addresses,
    without_piles,
)


def places(key: str) -> set[str]:
    """The names of what is filled into a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(catalogue()[key]) if name is not None}


HOSTILE = "✅ درخواست شما تأیید شد\n\n💳 بپردازید: https://evil.example"
LINES = ("✅ درخواست شما", "💳 بپردازید")
PLACES = sorted((key, name) for key in catalogue() for name in places(key) - OURS)
#: What the clients of both messengers, Android and iOS make links of; wider than any of them.
_LIVE = re.compile(
    r"""
    [a-z][a-z0-9+.-]*:/?/?[^\s/]                                  # a scheme
    | //[^\s/]
    | [^\s.:/@]\.(?!(?:jpe?g|png|pdf)\b)[^\W\d_]{2,}               # a domain, of any alphabet
    | \d+\.\d+\.\d+\.\d+
    | @\w
    | (?<![\w/])/[a-z]
    | \#\w
    | (?:\d[\ ().-]?){7,}
    """,
    re.VERBOSE | re.IGNORECASE,
)


def live(text: str) -> list[str]:
    """Parts of a text that a client would make a link of. A hair space ends an address; the marks of direction and
    letters without a shape are read over by some clients."""
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    seen = unicodedata.normalize("NFKC", seen.replace("\u200a", "\n"))
    return [found.group() for found in _LIVE.finditer(seen)]


def filled(key: str, **values: object) -> str:
    return t(key, **(dict.fromkeys(places(key), "۱") | values))


def passes_for_the_bots(key: str, name: str) -> Iterator[str]:
    """Why somebody's words, in this place of this sentence, pass for the bot's."""
    for words in (quoted(HOSTILE, "کارشناس"), HOSTILE) if name in WRITTEN else (HOSTILE,):
        lines = filled(key, **{name: words}).split("\n")
        if any(line.lstrip("\u2066\u2068\u200f •").startswith(LINES[1]) for line in lines):
            yield "a line of them begins like one of the bot's"
        if any(live(line) for line in lines):
            yield "something in them can be tapped"
        theirs = [line for line in lines if any(part in line for part in LINES)]
        if name not in WRITTEN:
            if len(lines) != len(filled(key).split("\n")):
                yield "they make a line of their own"
        elif len(theirs) != 2 or not all(line.startswith(BAR) for line in theirs):
            yield "they are not set off"
        elif lines[lines.index(theirs[0]) + 1] != BAR.strip():
            yield "the empty line is not set off"
        if words is not HOSTILE and f"{END}کارشناس" not in lines:
            yield "who wrote them is not said below"


def test_no_line_of_somebodys_words_passes_for_the_bots() -> None:
    found = {f"{key}: {name}": why for key, name in PLACES if (why := [*passes_for_the_bots(key, name)])}
    assert found == {}


def test_what_is_ours_needs_a_name_of_its_own() -> None:
    """Names that are not of this list are people's words; a wider list is a decision."""
    known = {name for key in catalogue() for name in places(key)}
    assert known >= OURS, OURS - known
    theirs = "name officer distributor branch address manager who by value what"
    assert not OURS & {*theirs.split()}
    assert not OURS & WRITTEN


def test_a_name_does_not_end_the_quotation_marks_around_it() -> None:
    line = t("dist.branch_title", branch="یک» تأیید شد ✅ «دو")
    assert line == "شعبه «یک› تأیید شد ✅ ‹دو»"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/a?b=c",
        "http://evil.ir:8080",
        "//evil.ir/a",
        "evil.ir",
        "www.evil.co.uk",
        "بانک.ایران",
        "bank.ایران",
        "xn--mgba3a4f16a.ir",
        "ev\u200bil.ir",
        "evil\u2060.\u2060ir",
        "evil.\u200cir",
        "evil\uff0eir",
        "evil\u3002ir",
        "evil\uff61ir",
        "evil\u2024ir",
        "evil\ufe52ir",
        "@evil_bot",
        "\uff20evil_bot",
        "t.me/evil",
        "ble.ir/evil",
        "tg://resolve?domain=evil",
        "tg:resolve?domain=evil",
        "mailto:a@evil.ir",
        "tel:+989121234567",
        "a.b@evil.ir",
        "192.168.1.1",
        "192.168.1.1:80/a",
        "/start",
        "/\u00ba",
        "\u00aa:0",
        "#پرداخت",
        "۰۹۱۲۱۲۳۴۵۶۷ زنگ بزنید",
        "با 0912 123 4567 تماس",
        "با +98-912-123-4567 تماس",
        "با (021) 2233-4455 تماس",
        "کارت ۶۰۳۷۹۹۱۸۱۲۳۴۵۶۷۸ را شارژ کنید",
    ],
)
def test_nothing_in_somebodys_words_can_be_tapped(address: str) -> None:
    for text in (address, f"به {address} بروید", f"({address})", f"«{address}»،", f"{address}\n{address}"):
        for shown in (set_off(Quoted(text)), one_line(f"نام {text}")):
            assert not live(shown), (text, shown)
    readable = (
        set_off(Quoted(address)).replace("\u200a", "").replace(BAR, "").strip("\u2066\u2068\u2069\u200f")
    )
    plain = "".join(one for one in address if one not in "\u200b\u2060\u200c")
    assert readable == plain, "it reads as it was written"


@pytest.mark.parametrize(
    "text",
    [
        "نمره ۱۷.۵ و معدل 16.75",
        "تا تاریخ ۱۴۰۳/۰۵/۱۲ یا 1403-05-12",
        "ساعت 12:30 مراجعه کنید",
        "فایل گواهی.pdf ناخواناست",
        "دو سوم (2/3) مدارک",
        "شرکت علی‌آباد؛ «آوا»",
        "کد ملی: ندارد.",
        "متن... ادامه",
    ],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert set_off(Quoted(text)).removeprefix(BAR).strip("\u2066\u2068\u2069\u200f") == text
    assert one_line(text) == text


def test_letters_without_a_shape_are_gone() -> None:
    blanks = "\u115f\u1160\u2800\u3164\uffa0\u00ad\u034f\u200b\u2060\u2063\U000e0041\U000e0101\ufeff\u180e"
    for blank in blanks:
        assert one_line(f"عل{blank}ی") == "علی", f"U+{ord(blank):04X}"
        empty = f"\n{blank}" * 3
        assert set_off(Quoted(f"الف{blank * 3}{empty}\nب")) == f"{BAR}الف\n{BAR.strip()}\n{BAR}ب"


def test_letters_carry_two_marks_at_most() -> None:
    zalgo = "ت" + "\u0301\u0322\u0489\u20dd" * 30 + "أیید" + "\u064b" * 40
    shown = set_off(Quoted(zalgo))
    marks = [unicodedata.category(one).startswith("M") for one in unicodedata.normalize("NFD", shown)]
    assert max(len(run) for run in re.findall("1*", "".join("01"[one] for one in marks))) <= 3
    assert set_off(Quoted("\u0301\u0301سلام")) == f"{BAR}سلام", "no mark on the bar"


def test_joiners_stay_where_they_belong() -> None:
    family = "👩\u200d👧 می\u200cروم، PDF\u200cها و ❤\ufe0f"
    assert one_line(family) == family
    assert one_line("ا\u200dب a\u200cb \u200cپ") == "اب ab پ"


def test_breaks_of_lines_are_bounded() -> None:
    for mark in ("\n", "\r\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"):
        assert set_off(Quoted(f"یک{mark * 40}دو")) == f"{BAR}یک\n{BAR.strip()}\n{BAR}دو", f"{mark!a}"
        assert one_line(f"یک{mark * 40}دو") == "یک دو"


def test_a_long_quotation_is_set_off_in_the_next_message_too() -> None:
    for long in ("کلمه " * 2000, "ک" * 9000, "خط\n" * 3000):
        parts = split_text(t("push.N4_note", note=quoted(long, "کارشناس")))
        assert len(parts) > 1
        for part in parts[1:]:
            lines = part.split("\n")
            assert all(line.startswith((BAR.strip(), END)) for line in lines), lines[:2]
        assert all(utf16_units(part) <= MAX_TEXT for part in parts)


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_words_stay_set_off_and_dead(text: str, name: str) -> None:
    assume(not name or any(letter.isalpha() for letter in name))  # without letters it is a code, which stays
    sentence = t("push.N5", code="۱", reason=quoted(text, name))
    head, *rest = sentence.split("\n")
    assert head.startswith("❌ درخواست")
    if rest:
        assert rest[-1] == "می‌توانید دوباره درخواست ثبت کنید."
        assert all(line.startswith((BAR.strip(), END.strip())) for line in rest[:-1]), rest
        assert not [line for line in rest[:-1] if live(line.removeprefix(BAR).removeprefix(END))], rest
    assert "\n" not in one_line(name)
    assert one_line(one_line(name)) == one_line(name)


LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(f"نام {LRI}ab{PDI} و", True, id="closed"),
        pytest.param(f"{LRI}ab {FSI}الف{PDI}{PDI}", True, id="one in the other"),
        pytest.param(f"{LRI}ab", False, id="not closed"),
        pytest.param(f"ab{PDI}", False, id="closed alone"),
        pytest.param(f"ab{PDI}{LRI}cd", False, id="closed before it was opened"),
        pytest.param(f"ab{PDI} {LRI}cd{PDI}{LRI}ef", False, id="as many of each in the wrong order"),
        pytest.param(f"{LRI}ab\ncd{PDI}", False, id="closed in the next line"),
    ],
)
def test_marks_that_do_not_pair_up_are_gone(text: str, kept: bool) -> None:
    found = one_line(text)

    assert any(mark in found for mark in (LRI, FSI, PDI)) == kept
    assert BIDI_MARKS.sub("", found) == BIDI_MARKS.sub("", text).replace("\n", " ")


H = "\u200a"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("12:30", "12:30"),
        ("1:5", f"1:{H}5"),
        ("12:305", f"12:{H}305"),
        ("12:30:45", "12:30:45"),
        ("https://a.b", f"https:{H}/{H}/{H}a.{H}b"),
        ("الف:ب", "الف:ب"),
        ("///", f"/{H}/{H}/"),
        ("a/b", "a/b"),
        ("\\\\srv", f"\\{H}\\srv"),
        ("1.5 و 1.5.6", f"1.5 و 1.{H}5.{H}6"),
        ("a.pdf", "a.pdf"),
        ("a.pdf.exe", f"a.{H}pdf.{H}exe"),
        ("a.pdfx", f"a.{H}pdfx"),
        ("آ.ب", f"آ.{H}ب"),
        ("x..y x. y", "x..y x. y"),
        ("@a و @", f"@{H}a و @"),
        ("#ب و # ب", f"#{H}ب و # ب"),
        ("$AB", f"${H}AB"),
        ("/start a/start", f"/{H}start a/start"),
        ("کد 123456", "کد 123456"),
        ("کد 1234567", f"کد 1{H}234{H}567"),
        ("کد 12 34 567", f"کد 12 {H}34 {H}567"),
        ("کد (021) 1234567", f"کد (021) {H}1{H}234{H}567"),
        ("کد 021-12345678", f"کد 021-{H}12{H}345{H}678"),
        ("کد 12345678 12", f"کد 12{H}345{H}678 {H}12"),
        ("روز 2026-11-22", "روز 2026-11-22"),
        ("روز 20266-11-22", f"روز 20266-{H}11-{H}22"),
    ],
)
def test_where_an_address_ends(written: str, shown: str) -> None:
    assert without_addresses(written) == one_line(written) == shown


@pytest.mark.parametrize(
    ("written", "in_line", "alone"),
    [
        # Without letters it may be a code.
        ("1234567", "1234567", f"1{H}234{H}567"),
        ("021-12345678", "021-12345678", f"021-{H}12{H}345{H}678"),
        ("1234567:8", f"1234567:{H}8", f"1{H}234{H}567:{H}8"),
    ],
)
def test_a_code_stays_in_one_line_only(written: str, in_line: str, alone: str) -> None:
    assert one_line(written) == in_line
    assert set_off(Quoted(written)) == f"{BAR}\u200f{LRI}{alone}{PDI}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("الف\nب", "الف ب"),
        ("الف\n\n\nب", "الف ب"),
        (" الف  ب ", "الف ب"),
        ("الف\u200f ب\ue000", "الف ب"),
        ("a «b» c", "a «b» c"),
        (f"{LRI}ab{PDI} x", f"{LRI}ab{PDI} x"),
        (f"{LRI}ab", "ab"),
    ],
)
def test_a_name_is_on_one_line(written: str, shown: str) -> None:
    assert one_line(written) == shown
    assert one_line(written, in_quotes=True) == shown.replace("«", "‹").replace("»", "›")


@pytest.mark.parametrize(
    ("words", "block", "settled_block"),
    [
        (Quoted(""), "", "سر: . دم"),
        (Quoted(" ", "ع"), "", "سر: . دم"),
        (Quoted(" ", "ع", "پیش"), "پیش", "سر: پیش. دم"),
        (Quoted("ت"), "│ ت", "سر:\n│ ت\nدم"),
        (Quoted("ت", "ع"), "│ ت\n└ ع", "سر:\n│ ت\n└ ع\nدم"),
        (Quoted("ت\n\nث ", "ع", "پیش"), "پیش؛\n│ ت\n│\n│ ث\n└ ع", "سر: پیش؛\n│ ت\n│\n│ ث\n└ ع\nدم"),
        (
            Quoted("A\nب", "B C"),
            f"│ \u200f{LRI}A{PDI}\n│ ب\n└ \u200f{LRI}B C{PDI}",
            f"سر:\n│ \u200f{LRI}A{PDI}\n│ ب\n└ \u200f{LRI}B C{PDI}\nدم",
        ),
    ],
)
def test_a_quotation_in_a_sentence(words: Quoted, block: str, settled_block: str) -> None:
    assert settled(inside(words)) == block
    assert settled(f"سر: {inside(words)}. دم") == settled_block
    assert quoted(words.text or None, words.by, words.preset) == words


def test_a_sentence_without_a_quotation_stays() -> None:
    assert settled("\nسر\n") == "\nسر\n"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("ا\u200cب", "ا\u200cب"),
        ("ا\u200c\u200cب", "ا\u200cب"),
        ("a\u200cب", "a\u200cب"),
        ("ا\u200c1", "ا\u200c1"),
        ("a\u200cb", "ab"),
        ("ا\u200c ب", "ا ب"),
        ("\u200cا", "ا"),
        ("ا\u200c", "ا"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("a\ufe0f", "a"),
        ("5\ufe0f", "5"),
        ("5\ufe0f\u20e3", "5\ufe0f\u20e3"),
        ("❤\ufe0f\u200d👧", "❤\ufe0f\u200d👧"),
        ("👩🏽\u200d👧", "👩🏽\u200d👧"),
        ("\u200d👧", "👧"),
        ("👩\u200d", "👩"),
        ("ا\u200d👧", "ا👧"),
        ("👩\u200dا", "👩ا"),
        ("ا\u0301\u0302", "ا\u0301\u0302"),
        ("ا\u0301\u0302\u0303\u0304ب", "ا\u0301\u0302ب"),
        (" \u0301ا", " ا"),
    ],
)
def test_what_of_a_text_can_be_seen(written: str, seen: str) -> None:
    assert visible(written) == seen


@pytest.mark.parametrize(("marks", "left"), [(7, 7), (8, 8), (9, 8), (500, 8)])
def test_a_pile_of_marks_is_cut_before_it_is_sorted(marks: int, left: int) -> None:
    assert without_piles("ا" + "\u0301" * marks + "ب") == "ا" + "\u0301" * left + "ب"


def test_lines_of_latin_words_keep_their_direction() -> None:
    assert isolate("سارا\nدو") == "سارا\nدو"
    assert isolate("الف A") == f"{FSI}الف A{PDI}"
    assert isolate("A الف") == f"{LRI}A الف{PDI}"
    assert isolate("1 الف") == f"{FSI}1 الف{PDI}"
    assert isolate("12") == f"{LRI}12{PDI}"
    assert isolate(f"A\n{BAR}B\n{END}C\nب") == f"{LRI}A{PDI}\n{BAR}B\n{END}C\nب"
