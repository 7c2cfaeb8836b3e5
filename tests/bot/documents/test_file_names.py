"""Names of files: labels, never paths; and whether one fits its document."""

import pytest

from bot.documents.file_names import label, names_document


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("کارت ملی.jpg", "کارت ملی.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sara\\كارت ۲.pdf", "كارت ۲.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b\n.pdf", "ab .pdf"),
        ("م" * 300 + ".pdf", "م" * 116 + ".pdf"),  # a long name keeps its ending
        ("..", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_a_label(name: str | None, expected: str | None) -> None:
    assert label(name) == expected


BIRTH, CARD = ("تصویر شناسنامه", "شناسنامه"), ("تصویر کارت ملی (رو و پشت)", "کارت ملی")
RECORD = ("گواهی عدم سوءپیشینه", "عدم سوءپیشینه")


@pytest.mark.parametrize(
    ("name", "document", "fits"),
    [
        ("شناسنامه.jpg", BIRTH, True),
        ("شناسنامه-صفحه۱.pdf", BIRTH, True),
        ("شناس نامه.pdf", BIRTH, True),
        ("IMG_2031.jpg", BIRTH, False),
        ("کارت ملی.jpg", BIRTH, False),
        (None, BIRTH, True),
        (".jpg", BIRTH, True),
        ("كارت-ملي.JPG", CARD, True),
        # Words common to all documents say nothing.
        ("تصویر.jpg", CARD, False),
        ("گواهی عدم اعتیاد.pdf", RECORD, False),
    ],
)
def test_a_name_resembles_its_document(name: str | None, document: tuple[str, str], fits: bool) -> None:
    assert names_document(name, *document) is fits
