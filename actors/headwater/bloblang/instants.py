"""Points in time: nanoseconds and a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


class Timestamp:
    """A point in time with a time zone.

    Attributes:
        nanoseconds: Since 1970-01-01T00:00:00Z; any size.
        zone: How it is shown.
    """

    __slots__ = ("nanoseconds", "zone")

    def __init__(self, nanoseconds: int, zone: tzinfo = UTC) -> None:
        self.nanoseconds = nanoseconds
        self.zone = zone

    def offset(self) -> int:
        """Seconds east of UTC that the zone has at this time."""
        zone = self.zone
        if zone is UTC:
            return 0
        seconds = min(max(self.nanoseconds // 1_000_000_000, -62_135_510_400), 253_402_214_400)
        moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone)
        shift = moment.utcoffset()
        return int(shift.total_seconds()) if shift is not None else 0

    def zone_name(self) -> str:
        """The zone's abbreviation at this time, such as CET; empty where it has none."""
        if self.zone is UTC:
            return "UTC"
        seconds = min(max(self.nanoseconds // 1_000_000_000, -62_135_510_400), 253_402_214_400)
        moment = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(self.zone)
        return moment.tzname() or ""

    def civil(self) -> tuple[int, int, int, int, int, int, int]:
        """Year, month, day, hour, minute, second and nanosecond in the zone; the year may have any size."""
        seconds, fraction = divmod(self.nanoseconds, 1_000_000_000)
        days, rest = divmod(seconds + self.offset(), 86_400)
        # Days to civil date, proleptic Gregorian, eras of 400 years that begin in March.
        era, day_of_era = divmod(days + 719_468, 146_097)
        year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
        day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        shifted = (5 * day_of_year + 2) // 153
        day = day_of_year - (153 * shifted + 2) // 5 + 1
        month = shifted + 3 if shifted < 10 else shifted - 9
        year = year_of_era + era * 400 + (1 if month <= 2 else 0)
        return year, month, day, rest // 3600, rest // 60 % 60, rest % 60, fraction

    def text(self) -> str:
        """RFC 3339 with the nanoseconds trimmed."""
        year, month, day, hour, minute, second, fraction = self.civil()
        offset = self.offset()
        tail = f".{fraction:09d}".rstrip("0") if fraction else ""
        if offset == 0:
            zone = "Z"
        else:
            sign = "-" if offset < 0 else "+"
            zone = f"{sign}{abs(offset) // 3600:02d}:{abs(offset) // 60 % 60:02d}"
        years = f"{year:04d}" if year >= 0 else f"-{-year:04d}"
        return f"{years}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{tail}{zone}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.nanoseconds == other.nanoseconds and self.text() == other.text()

    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    def __repr__(self) -> str:
        return f"Timestamp({self.text()})"
