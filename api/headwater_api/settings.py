"""The `http` section of the service's configuration, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headwater.errors import ConfigError

CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
ALGORITHMS = ("md5", "sha256", "bcrypt", "scrypt")


@dataclass(frozen=True)
class CorsSettings:
    """Who may call from browsers on other sites.

    Raises:
        ConfigError: It is enabled and allows nobody.
    """

    enabled: bool = False
    allowed_origins: tuple[str, ...] = ()
    allowed_headers: tuple[str, ...] = ()
    allowed_methods: tuple[str, ...] = CORS_METHODS

    def __post_init__(self) -> None:
        if self.enabled and not self.allowed_origins:
            raise ConfigError("bad CORS configuration: must specify at least one allowed origin")


@dataclass(frozen=True)
class BasicAuthSettings:
    """A user name and a password for every endpoint.

    Raises:
        ConfigError: It is enabled and incomplete, or the algorithm is unknown.
    """

    enabled: bool = False
    realm: str = "restricted"
    username: str = ""
    password_hash: str = field(default="", repr=False)
    algorithm: str = "sha256"
    salt: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.enabled:
            return
        if not self.username or not self.password_hash:
            raise ConfigError("both username and password_hash are required")
        if self.algorithm not in ALGORITHMS:
            raise ConfigError("algorithm should be one of md5, sha256, bcrypt, or scrypt")
        if self.algorithm == "scrypt" and not self.salt:
            raise ConfigError("salt is required for scrypt")


@dataclass(frozen=True)
class HttpSettings:
    """How the API is served.

    Attributes:
        enabled: Whether there is a listener at all.
        address: Host and port; without a host all interfaces.
        root_path: A prefix under which every endpoint is served once more; an empty text for none.
        debug_endpoints: Whether `/debug` is served.
        cert_file: A TLS certificate; needs a key.
        key_file: Its key.

    Raises:
        ConfigError: A certificate without a key, or a key without a certificate.
    """

    enabled: bool = True
    address: str = "0.0.0.0:4195"
    root_path: str = "/benthos"
    debug_endpoints: bool = False
    cert_file: str = ""
    key_file: str = ""
    cors: CorsSettings = CorsSettings()
    basic_auth: BasicAuthSettings = BasicAuthSettings()

    def __post_init__(self) -> None:
        if bool(self.cert_file) != bool(self.key_file):
            raise ConfigError("both cert_file and key_file must be specified, or neither")
        root = self.root_path.strip("/")
        object.__setattr__(self, "root_path", f"/{root}" if root else "")

    @property
    def tls(self) -> tuple[str, str] | None:
        """Certificate and key, where TLS is asked for."""
        return (self.cert_file, self.key_file) if self.cert_file else None

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> HttpSettings:
        """The settings of an `http` section; what it leaves out has its default, other keys are passed over."""
        known = {key: section[key] for key in cls.__dataclass_fields__ if section.get(key) is not None}
        if "cors" in known:
            known["cors"] = _cors(known["cors"])
        if "basic_auth" in known:
            known["basic_auth"] = BasicAuthSettings(**_of(BasicAuthSettings, known["basic_auth"]))
        return cls(**known)


def _cors(section: Mapping[str, Any]) -> CorsSettings:
    values = _of(CorsSettings, section)
    for key, value in values.items():
        values[key] = tuple(value) if isinstance(value, list) else value
    return CorsSettings(**values)


def _of(kind: Any, section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: section[key] for key in kind.__dataclass_fields__ if section.get(key) is not None}
