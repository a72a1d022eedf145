"""What a request must show before anything looks at it: the right host, a token, the right origin, a bounded size.

A page of another site may send requests to this machine, and by DNS rebinding even under the same origin as ours. So
the name in `Host` must be one that we answer to, which decides; a token must be there; and a request that changes
something must come from our own page, or from no browser at all.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "automask_token"
"""How the name of the cookie begins; see `cookie_name`."""
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_READING = frozenset({"GET", "HEAD"})
_OPEN = frozenset({"/healthz"})
_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class TooLarge(Exception):
    """A request's body has more bytes than it may have."""


@dataclass(eq=False)
class Keys:
    """The token of this server, and the codes of links that open it once each.

    Args:
        token: What cookie or Bearer must hold.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    codes: set[str] = field(default_factory=set)
    on_used: Callable[[], None] = lambda: None

    def new_code(self) -> str:
        """The code of one more link."""
        code = secrets.token_urlsafe(24)
        self.codes.add(code)
        return code

    def use(self, code: str) -> bool:
        """Whether a code opens the page; it does so once."""
        for known in tuple(self.codes):
            if hmac.compare_digest(known.encode(), code.encode()):
                self.codes.discard(known)
                self.on_used()
                return True
        return False

    def fits(self, token: str) -> bool:
        """Whether a token is ours."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Guard:
    """An application behind these checks.

    Args:
        app: Sees only requests that pass.
        keys: Token and links.
        hosts: Names and addresses that requests may be for, without ports.
        max_bytes: Of a request's body, counted while it comes in.
    """

    def __init__(self, app: App, keys: Keys, *, hosts: frozenset[str] = LOCAL_HOSTS, max_bytes: int) -> None:
        self.app, self.keys, self.hosts, self.max_bytes = app, keys, hosts, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or refuses it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = _headers_of(scope)
        refused = self.refusal(scope, headers)
        if refused is not None:
            await _answer(send, *refused)
            return
        code = self._code(scope)
        if code is not None:
            await self._open(code, headers["host"][0], send)
            return
        await self._pass_on(scope, receive, send)

    def refusal(self, scope: Scope, headers: Mapping[str, list[str]]) -> tuple[int, str] | None:
        """Why a request is refused: the status and a sentence; None for one that is not."""
        hosts = headers.get("host", [])
        if len(hosts) != 1 or host_name(hosts[0]) not in self.hosts:
            return 421, "this name is not one that the studio answers to; see --allow-host"
        reads = scope["method"] in _READING
        if scope["path"] in _OPEN and reads:
            return None
        if not reads and _is_foreign(headers, hosts[0]):
            return 403, "this request comes from another page"
        lengths = headers.get("content-length", [])
        if any(not one.isdecimal() or int(one) > self.max_bytes for one in lengths):
            return 413, f"more than {self.max_bytes / 1e6:.0f} MB"
        return None if self._code(scope) is not None else self._who(scope, headers)

    def _who(self, scope: Scope, headers: Mapping[str, list[str]]) -> tuple[int, str] | None:
        bearer = [text[7:] for text in headers.get("authorization", []) if text[:7].lower() == "bearer "]
        if bearer:
            return None if len(bearer) == 1 and self.keys.fits(bearer[0]) else (401, "this token is not the studio's")
        name = cookie_name(headers["host"][0])
        cookies = [one for text in headers.get("cookie", []) for one in _cookies(text, name)]
        if any(self.keys.fits(one) for one in cookies):
            told = headers.get("origin", []) or headers.get("sec-fetch-site", [])
            if scope["method"] not in _READING and not told:
                return 403, "a request with a cookie must say where it comes from"
            return None
        return 401, "open the link that 'automask studio' printed, or send its token as 'Authorization: Bearer ...'"

    def _code(self, scope: Scope) -> str | None:
        """The code of a link, where a request is one."""
        if scope["path"] != "/" or scope["method"] != "GET":
            return None
        said = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("code")
        return said[0] if said else None

    async def _open(self, code: str, host: str, send: Send) -> None:
        """Gives the cookie for a link's code, and leads to the page without the code in its address."""
        if not self.keys.use(code):
            await _answer(send, 401, "this link was used before; 'automask studio' has printed another one")
            return
        cookie = f"{cookie_name(host)}={self.keys.token}; HttpOnly; SameSite=Strict; Path=/"
        await _answer(send, 303, "", {"location": "/", "set-cookie": cookie})

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, begun, too_large = 0, False, False

        async def counted() -> Message:
            nonlocal seen, too_large
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                too_large = True
                raise TooLarge
            return message

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = [(name, value) for name, value in message.get("headers", []) if name.decode() not in _HEADERS]
                own = dict(_HEADERS)
                kept = {name.decode(): value.decode() for name, value in message.get("headers", [])}
                if "cache-control" in kept:  # a preview may be kept by the browser that asked for it
                    own["cache-control"] = kept["cache-control"]
                if too_large:  # the framework takes it for a body that it cannot parse
                    message = {**message, "status": 413}
                message = {**message, "headers": [*given, *((n.encode(), v.encode()) for n, v in own.items())]}
            await send(message)

        try:
            await self.app(scope, counted, with_headers)
        except TooLarge:
            if not begun:
                await _answer(send, 413, f"more than {self.max_bytes / 1e6:.0f} MB")


def host_name(host: str) -> str:
    """The name in a `Host` header, without its port."""
    name, _, port = host.rpartition(":")
    text = name if name and port.isdecimal() and (not name.count(":") or name.endswith("]")) else host
    return text.casefold().rstrip(".")


def _is_foreign(headers: Mapping[str, list[str]], host: str) -> bool:
    """Whether a browser says that a request comes from another page than ours."""
    if not all(_is_own(origin, host) for origin in headers.get("origin", [])):
        return True
    return any(one not in ("same-origin", "none") for one in headers.get("sec-fetch-site", []))


def _is_own(origin: str, host: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.casefold() == host.casefold()


def cookie_name(host: str) -> str:
    """The name of the cookie at a `Host`: it holds the port, since cookies of all ports of a machine are shared."""
    port = host.rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdecimal() and port != host else COOKIE


def _cookies(text: str, name: str) -> list[str]:
    """The values of this cookie. Those of other programs here may have any form, for which http.cookies drops all."""
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return [value for key, _, value in pairs if key == name]


def _headers_of(scope: Scope) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _answer(send: Send, status: int, problem: str, more: Mapping[str, str] | None = None) -> None:
    import json

    body = json.dumps({"error": {"problem": problem, "hint": ""}}).encode() if problem else b""
    headers = {**_HEADERS, "content-type": "application/json", "content-length": str(len(body)), **(more or {})}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
