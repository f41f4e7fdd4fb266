"""Places and networks of IP addresses, from MaxMind databases."""

from __future__ import annotations

import importlib
import ipaddress
import threading
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import GEOIP, TEXT

_databases: dict[str, Any] = {}
_lock = threading.Lock()


def _database(path: str) -> Any:
    try:
        maxminddb = importlib.import_module("maxminddb")
    except ImportError:
        raise BloblangError("the geoip methods need the extra headwater[geoip]", annotated=True) from None
    with _lock:
        found = _databases.get(path)
        if found is None:
            try:
                found = _databases[path] = maxminddb.open_database(path)
            except FileNotFoundError:
                raise BloblangError(f"open {path}: no such file or directory", annotated=True) from None
            except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
                raise BloblangError(f"error opening database: {error}", annotated=True) from None
        return found


def _names(record: dict[str, Any]) -> dict[str, Any]:
    """A record with the names of fields that the reference shows."""
    return {_camel(key): _value(value) for key, value in record.items()}


def _camel(key: str) -> str:
    special = {
        "geoname_id": "GeoNameID",
        "iso_code": "IsoCode",
        "autonomous_system_number": "AutonomousSystemNumber",
        "autonomous_system_organization": "AutonomousSystemOrganization",
        "isp": "ISP",
        "is_anonymous_vpn": "IsAnonymousVPN",
        "is_in_european_union": "IsInEuropeanUnion",
        "mobile_country_code": "MobileCountryCode",
    }
    return special.get(key) or "".join(part.capitalize() for part in key.split("_"))


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()} if _languages(value) else _names(value)
    if isinstance(value, list):
        return [_value(item) for item in value]
    return value


def _languages(value: dict[str, Any]) -> bool:
    """Whether an object holds names by language, which are no fields."""
    return "en" in value or "zh-CN" in value or "de" in value


def _lookup(path: str) -> Callable[[str], Any]:
    database = _database(path)

    def find(target: str) -> Any:
        try:
            address = ipaddress.ip_address(target)
        except ValueError:
            raise BloblangError(f"value {target} does not appear to be a valid v4 or v6 IP address") from None
        try:
            record = database.get(address)
        except (ValueError, RuntimeError) as error:
            raise BloblangError(str(error)) from None
        return _names(record) if isinstance(record, dict) else {}

    return find


for _kind, _what in (
    ("city", "City, country and coordinates"),
    ("country", "The country"),
    ("asn", "The autonomous system"),
    ("enterprise", "All that an Enterprise database knows"),
    ("anonymous_ip", "The sorts of anonymity"),
    ("connection_type", "The type of the connection"),
    ("domain", "The domain"),
    ("isp", "The provider"),
):
    method(
        f"geoip_{_kind}",
        Param("path", "string", "The file of the database."),
        target="text",
        bare=True,
        constructor=True,
        category=GEOIP,
        receives=TEXT,
        status="experimental",
        needs=("file",),
        summary=f"{_what} of an IP address, from a MaxMind database.",
        examples=[
            Example(
                "",
                f'root.found = this.ip.geoip_{_kind}(this.db).catch("none")',
                ('{"db":"/no/such.mmdb","ip":"::1"}', '{"found":"none"}'),
            )
        ],
    )(_lookup)
