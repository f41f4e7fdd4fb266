"""HTTP authentication: signatures that others have published."""

from __future__ import annotations

from typing import Any

from headwater.components.http_auth import OAuth1, basic_header


class Fields:
    """A configuration of texts."""

    def __init__(self, **values: str) -> None:
        self._values = values

    def text(self, name: str) -> str:
        return self._values.get(name, "")


def test_basic() -> None:
    assert basic_header("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_oauth_signs_as_the_example_of_its_authors() -> None:
    # The GET request of OAuth Core 1.0, appendix A.5; its order of parameters in the header is another.
    config: Any = Fields(
        consumer_key="dpf43f3p2l4k3l03",
        consumer_secret="kd94hf93k423kf44",
        access_token="nnch734d00sl2jdk",
        access_token_secret="pfkkdhi9sl3r4s00",
    )
    header = OAuth1(config).sign(
        "GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", "1191242096", "kllo9940pd9333jh"
    )
    assert 'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"' in header
