"""Invented data: names, addresses, numbers and texts that look like real ones."""

from __future__ import annotations

import base64
import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def _list(words: str) -> list[str]:
    return words.split()


_FEMALE = _list(
    "Ada Alice Anna Carla Clara Diana Elena Emma Fatima Grace Hannah Ines Julia Katrin Lena Maria Nadia Olga Petra "
    "Rosa Sofia Tanja Ursula Vera Wanda Yuki Zoe"
)
_MALE = _list(
    "Adam Alan Boris Carl David Emil Felix Georg Hugo Ivan Jonas Karim Lars Marco Niels Oskar Paul Quentin Rafael "
    "Samuel Tomas Uwe Viktor Walter Xaver Yusuf Zeno"
)
_LAST = _list(
    "Abel Baker Costa Dahl Evans Fischer Garcia Haas Ito Jansen Kowalski Larsen Meyer Novak Olsen Peters Quinn Rossi "
    "Silva Tanaka Ueda Vogel Weber Xu Young Zimmer"
)
_WORDS = _list(
    "amber basin cedar delta ember fjord glade harbor inlet jetty knoll ledge meadow north ocean pebble quarry ridge "
    "shore tide upland valley water yonder zenith"
)
_CHINESE_LAST = _list("王 李 张 刘 陈 杨 黄 赵 吴 周")
_CHINESE_FIRST = _list("伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超")
_TLDS = _list("com org net info biz")
_ZONES = _list(
    "Europe/Berlin America/New_York Asia/Tokyo Africa/Nairobi Australia/Sydney America/Bogota Asia/Kolkata UTC"
)
_CURRENCIES = _list("EUR USD JPY GBP CHF SEK NOK DKK PLN CZK AUD CAD BRL INR ZAR")
_DAYS = _list("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_MONTHS = _list("January February March April May June July August September October November December")
_CENTURIES = _list("I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI")
_CARDS = {"Visa": ("4", 16), "MasterCard": ("51", 16), "American Express": ("34", 15), "Discover": ("6011", 16)}

_random = random.SystemRandom()
_pick = _random.choice


def _digits(count: int) -> str:
    return "".join(_pick("0123456789") for _ in range(count))


def _letters(count: int) -> str:
    return "".join(_pick("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(count))


def _moment() -> datetime:
    return datetime.fromtimestamp(_random.randrange(int(time.time())), UTC)


def _card_number() -> str:
    prefix, size = _pick(list(_CARDS.values()))
    digits = prefix + _digits(size - len(prefix) - 1)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def _domain() -> str:
    return f"{_pick(_WORDS)}{_pick(_WORDS)}.{_pick(_TLDS)}"


def _sentence() -> str:
    words = [_pick(_WORDS) for _ in range(_random.randint(6, 12))]
    return " ".join(words).capitalize() + "."


def _jwt() -> str:
    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    claims = f'{{"sub":"{_digits(10)}","name":"{_name()}","iat":{int(time.time())}}}'
    return f'{part(b"""{"alg":"HS256","typ":"JWT"}""")}.{part(claims.encode())}.{part(_random.randbytes(32))}'


def _name() -> str:
    title = _pick(("Mr.", "Dr.", "Prof.", "Lord", "King", "Prince"))
    return f"{title} {_pick(_MALE + _FEMALE)} {_pick(_LAST)}"


def _clock() -> str:
    return f"{_random.randrange(24):02d}:{_random.randrange(60):02d}:{_random.randrange(60):02d}"


def _amount() -> str:
    return f"{_pick(_CURRENCIES)} {_random.uniform(1, 100_000):.2f}"


FUNCTIONS: dict[str, Callable[[], Any]] = {
    "latitude": lambda: round(_random.uniform(-90, 90), 6),
    "longitude": lambda: round(_random.uniform(-180, 180), 6),
    "unix_time": lambda: _random.randrange(int(time.time())),
    "date": lambda: _moment().strftime("%Y-%m-%d"),
    "time_string": _clock,
    "month_name": lambda: _pick(_MONTHS),
    "year_string": lambda: str(_moment().year),
    "day_of_week": lambda: _pick(_DAYS),
    "day_of_month": lambda: str(_random.randint(1, 28)),
    "timestamp": lambda: _moment().strftime("%Y-%m-%d %H:%M:%S"),
    "century": lambda: _pick(_CENTURIES),
    "timezone": lambda: _pick(_ZONES),
    "time_period": lambda: _pick(("AM", "PM")),
    "email": lambda: f"{_letters(7)}@{_domain()}",
    "mac_address": lambda: ":".join(f"{_random.randrange(256):02x}" for _ in range(6)),
    "domain_name": _domain,
    "url": lambda: f"{_pick(('http', 'https'))}://www.{_domain()}/{_letters(7)}",
    "username": lambda: _letters(7),
    "ipv4": lambda: ".".join(str(_random.randrange(256)) for _ in range(4)),
    "ipv6": lambda: ":".join(f"{_random.randrange(65536):x}" for _ in range(8)),
    "password": lambda: _letters(50),
    "jwt": _jwt,
    "word": lambda: _pick(_WORDS),
    "sentence": _sentence,
    "paragraph": lambda: " ".join(_sentence() for _ in range(_random.randint(3, 6))),
    "cc_type": lambda: _pick(list(_CARDS)),
    "cc_number": _card_number,
    "currency": lambda: _pick(_CURRENCIES),
    "amount_with_currency": _amount,
    "title_male": lambda: _pick(("Mr.", "Dr.", "Prof.", "Lord", "King", "Prince")),
    "title_female": lambda: _pick(("Mrs.", "Ms.", "Miss", "Dr.", "Prof.", "Lady", "Queen", "Princess")),
    "first_name": lambda: _pick(_MALE + _FEMALE),
    "first_name_male": lambda: _pick(_MALE),
    "first_name_female": lambda: _pick(_FEMALE),
    "last_name": lambda: _pick(_LAST),
    "name": _name,
    "gender": lambda: _pick(("Male", "Female", "Prefer to skip")),
    "chinese_first_name": lambda: _pick(_CHINESE_FIRST),
    "chinese_last_name": lambda: _pick(_CHINESE_LAST),
    "chinese_name": lambda: _pick(_CHINESE_LAST) + _pick(_CHINESE_FIRST),
    "phone_number": lambda: f"{_digits(3)}-{_digits(3)}-{_digits(4)}",
    "toll_free_phone_number": lambda: f"({_pick(('777', '888'))}) {_digits(3)}-{_digits(6)}",
    "e164_phone_number": lambda: "+" + _pick("123456789") + _digits(10),
    "uuid_hyphenated": lambda: str(uuid.uuid4()),
    "uuid_digit": lambda: uuid.uuid4().hex,
}
"""What can be invented, by name."""
