"""Invented people: names, codes with right check digits that no office gives out, places."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from demo.prompts import national_code

_WOMEN = (
    *("زهرا", "فاطمه", "مریم", "نرگس", "الهام", "سمیه", "نگار", "پریسا", "مهسا", "شیوا", "لیلا", "آزاده"),
    *("بهار", "ندا", "رؤیا", "مینا", "سپیده", "هانیه", "ملیحه", "طاهره"),
)
_MEN = (
    *("علی", "محمد", "رضا", "حسین", "مهدی", "امیر", "سعید", "حمید", "بهرام", "کاوه", "پویا", "آرش"),
    *("نوید", "یاسر", "فرهاد", "سینا", "جواد", "مسعود", "ایمان", "بابک"),
)
_FAMILIES = (
    *("احمدی‌نسب", "باقری‌پور", "پورمند", "تقی‌زاده", "جلالی‌فر", "حسن‌نیا", "خالقی‌پور", "دهقان‌نژاد"),
    *("ذوالفقارنسب", "رستگارنیا", "زارع‌پور", "سلیمان‌فر", "شفیعی‌نسب", "صالحی‌پور", "طاهرنیا", "عباس‌زادگان"),
    *("غفاری‌نیا", "فرهمندپور", "قاسم‌نژاد", "کاظمی‌فر", "گودرزنیا", "لطفی‌پور", "محبی‌نسب", "نوری‌فرد"),
    *("وحیدنیا", "هاشم‌پور", "یزدان‌فر", "مهرآبادی‌نیا", "کیان‌پورفرد", "بهمن‌نژاد"),
)
_FIELDS = (
    *("biomedical", "biomedical", "bioelectric", "nursing", "laboratory", "pharmacy", "radiology"),
    *("electrical", "operating_room", "medical_physics", "biotechnology", "physiotherapy"),
)
_LEVELS = ("bachelor", "bachelor", "master", "master", "associate", "phd")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the officers of a university live."""

    university: str
    province: str
    city: str
    streets: tuple[str, ...]
    #: Of land lines.
    code: str


PLACES = {
    place.university: place
    for place in (
        Place("sums", "فارس", "شیراز", ("خیابان زند", "بلوار چمران", "خیابان ارم"), "071"),
        Place("tums", "تهران", "تهران", ("خیابان انقلاب", "خیابان شریعتی", "بلوار کشاورز"), "021"),
        Place("mums", "خراسان رضوی", "مشهد", ("بلوار وکیل‌آباد", "خیابان سناباد"), "051"),
        Place("tbzmed", "آذربایجان شرقی", "تبریز", ("خیابان آزادی", "ولیعصر، خیابان نظامی"), "041"),
    )
}


@dataclass(frozen=True, slots=True)
class Officer:
    """An invented technical officer, as the forms ask."""

    national_code: str
    first_name: str
    last_name: str
    gender: str
    father: str
    #: Jalali, as typed.
    born: str
    mobile: str
    certificate: str
    level: str
    field: str
    place: Place
    address: str
    phone: str
    email: str | None


class People:
    """One after the other, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self._number = 0

    def officer(self, university: str, **known: str) -> Officer:
        """`known`: first_name, last_name, gender, national_code, mobile of one who is given."""
        dice, place = self.dice, PLACES[university]
        self._number += 1
        gender = known.get("gender") or dice.choice(("female", "male"))
        return Officer(
            national_code=known.get("national_code") or national_code(300_000 + 7 * self._number),
            first_name=known.get("first_name") or dice.choice(_WOMEN if gender == "female" else _MEN),
            last_name=known.get("last_name") or dice.choice(_FAMILIES),
            gender=gender,
            father=dice.choice(_MEN),
            born=f"13{dice.randint(45, 77)}/{dice.randint(1, 12):02}/{dice.randint(1, 29):02}",
            mobile=known.get("mobile") or f"09905{self._number:06}",
            certificate=str(dice.randint(100, 99_999)),
            level=dice.choice(_LEVELS),
            field=dice.choice(_FIELDS),
            place=place,
            address=f"{place.city}، {dice.choice(place.streets)}، کوچه {dice.randint(1, 40)}، پلاک {dice.randint(1, 90)}",
            phone=f"{place.code}{dice.randint(32_000_000, 38_999_999)}",
            email=f"officer{self._number}@example.com" if dice.random() < 0.4 else None,
        )

    def name(self) -> str:
        """Of an expert or a manager."""
        return f"{self.dice.choice(_WOMEN + _MEN)} {self.dice.choice(_FAMILIES)}"


def company_number(number: int) -> str:
    """A legal id with a right check digit."""
    body = f"14009{number:05}"
    shift = int(body[9]) + 2
    weights = (29, 27, 23, 19, 17) * 2
    rest = sum((int(digit) + shift) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + str(rest % 10)
