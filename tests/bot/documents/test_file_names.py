"""Names of files: labels, never paths; and whether one fits its document."""

import pytest

from bot.documents.file_names import label, names_document


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("کارت ملی.jpg", "کارت ملی.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sara\\كارت.pdf", "کارت.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("a\x00b\n.pdf", "ab .pdf"),
        ("..", None),
        ("", None),
        (None, None),
    ],
)
def test_a_name_is_a_label(name: str | None, expected: str | None) -> None:
    assert label(name) == expected


def test_a_long_name_keeps_its_ending() -> None:
    shortened = label("م" * 300 + ".pdf")

    assert shortened is not None
    assert shortened.endswith("م.pdf")
    assert len(shortened) == 120


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("شناسنامه.jpg", True),
        ("شناسنامه-صفحه۱.pdf", True),
        ("شناس نامه.pdf", True),
        ("IMG_2031.jpg", False),
        ("کارت ملی.jpg", False),
        (None, True),
        (".jpg", True),
    ],
)
def test_a_name_resembles_its_document_or_gets_a_hint(name: str | None, fits: bool) -> None:
    assert names_document(name, "تصویر شناسنامه", "شناسنامه") is fits


def test_words_common_to_all_documents_say_nothing() -> None:
    assert not names_document("تصویر.jpg", "تصویر کارت ملی (رو و پشت)", "کارت ملی")
    assert not names_document("گواهی عدم اعتیاد.pdf", "گواهی عدم سوءپیشینه", "عدم سوءپیشینه")
    assert names_document("كارت-ملي.JPG", "تصویر کارت ملی (رو و پشت)", "کارت ملی")
