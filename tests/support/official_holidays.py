"""The table of Iran's official holidays, made of the package `holidays`: run this module after a new release of it."""

from pathlib import Path

import holidays

from bot.services.review import working_days

YEARS = range(2020, 2101)
FILE = Path(working_days.__file__).with_name(working_days.TABLE)


def made_of_package() -> str:
    lines = []
    for year in YEARS:
        days = sorted(holidays.country_holidays("IR", years=year))
        lines.append(f"{year}: " + " ".join(f"{day:%m%d}" for day in days if day.year == year))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(made_of_package(), "ascii")
