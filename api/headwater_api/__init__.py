"""The HTTP face of Headwater: the streams API as a WSGI application, and the servers that serve it."""

from headwater_api.app import Api, create_app
from headwater_api.settings import BasicAuthSettings, CorsSettings, HttpSettings

__all__ = ["Api", "BasicAuthSettings", "CorsSettings", "HttpSettings", "create_app"]
