"""An authority over the network that signs for names whose HTTP we answer (RFC 8555, http-01).

A client by hand, as those that are kept bring a second HTTP client, or block: see
docs/decisions. An order is a few requests in a row, each in a thread of its own.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, Request, build_opener

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from pmdaemon import __version__
from pmdaemon.adapters.jws import CURVE, AccountKey, base64url
from pmdaemon.core.errors import CertificateRefused
from pmdaemon.core.wording import why
from pmdaemon.engine.interfaces import AcmeSettings

REQUEST_SECONDS = 30.0
ORDER_SECONDS = 300.0
"""How long one request may take, and the order of a certificate as a whole."""

LONGEST_POLL = 15.0
"""Seconds between two looks at an order, whatever the authority asks for."""

LARGEST_ANSWER = 2**20
"""Bytes."""

NONCES_TRIED = 10
"""How often a request is signed anew because its nonce was not good (section 6.5)."""

PROBLEM = "urn:ietf:params:acme:error:"


class _Answer(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The answer as JSON; nothing of another shape."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, said so or as a date (RFC 9110, section 10.2.3)."""
        text = self.headers.get("retry-after", "")
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            until, now = (
                parsedate_to_datetime(each) for each in (text, self.headers.get("date", ""))
            )
            return max(0.0, (until - now).total_seconds())
        except (TypeError, ValueError):
            return None


class _Refused(Exception):
    def __init__(
        self, reason: str, retry_after: float | None = None, *, for_all: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.for_all = for_all


class AcmeClient:
    """One account at one authority.

    `publish` is called with a token and the text that is to be answered for it, or None when that
    is over.
    """

    def __init__(
        self, settings: AcmeSettings, key: AccountKey, publish: Callable[[str, str | None], None]
    ) -> None:
        self._settings = settings
        self._key = key
        self._publish = publish
        self._directory: dict[str, Any] = {}
        self._account: str | None = None
        self._nonce: str | None = None
        self._opener = build_opener(HTTPSHandler(context=_tls(settings.trusted)))

    async def order(self, host: str) -> tuple[bytes, bytes]:
        """Have a certificate signed for a host; return PEM of the chain, and of its key.

        Raises:
            CertificateRefused: there is none, and why.

        """
        try:
            async with asyncio.timeout(ORDER_SECONDS):
                return await self._order(host)
        except TimeoutError:
            reason = f"{self._settings.directory} was not done within {ORDER_SECONDS:.0f} s"
            raise CertificateRefused(host, reason) from None
        except _Refused as refusal:
            raise CertificateRefused(
                host, str(refusal), refusal.retry_after, for_all=refusal.for_all
            ) from None
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            reason = f"{self._settings.directory} does not answer as an ACME server"
            raise CertificateRefused(host, reason, for_all=self._account is None) from error

    async def _order(self, host: str) -> tuple[bytes, bytes]:
        try:
            await self._register()
        except _Refused as refusal:
            refusal.for_all = True
            raise
        began = await self._post(
            self._directory["newOrder"], {"identifiers": [{"type": "dns", "value": host}]}
        )
        where, order = began.headers["location"], began.said
        for url in order["authorizations"]:
            await self._prove(url)
        key = ec.generate_private_key(CURVE)
        await self._post(order["finalize"], {"csr": _request_for(host, key)})
        order = await self._settled(where, {"ready", "processing", "pending"})
        if order["status"] != "valid":
            raise _Refused(_why(order.get("error")))
        chain = (await self._post(order["certificate"], None)).body
        return chain, key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    async def _register(self) -> None:
        """Find the account of our key, or make it; the terms were agreed to when this was set."""
        if self._account is not None:
            return
        self._directory = _taken(await self._ask("GET", self._settings.directory)).said
        contact = [f"mailto:{one}" for one in self._settings.contact]
        answer = await self._post(
            self._directory["newAccount"],
            {"termsOfServiceAgreed": True, **({"contact": contact} if contact else {})},
        )
        self._account = answer.headers["location"]

    async def _prove(self, url: str) -> None:
        """Show that requests for a name come to us (section 8.3)."""
        authorization = (await self._post(url, None)).said
        if authorization["status"] == "valid":
            return
        challenges = [one for one in authorization["challenges"] if one["type"] == "http-01"]
        if not challenges:
            raise _Refused("the authority does not ask over HTTP")
        token = challenges[0]["token"]
        self._publish(token, f"{token}.{self._key.thumbprint}")
        try:
            await self._post(challenges[0]["url"], {})
            authorization = await self._settled(url, {"pending", "processing"})
        finally:
            self._publish(token, None)
        if authorization["status"] != "valid":
            faults = [one.get("error") for one in authorization["challenges"] if one.get("error")]
            raise _Refused(_why(faults[0] if faults else None))

    async def _settled(self, url: str, meanwhile: set[str]) -> dict[str, Any]:
        """Ask again and again until something is not any more as it is `meanwhile`."""
        wait = 0.25
        while True:
            answer = await self._post(url, None)
            if answer.said["status"] not in meanwhile:
                return answer.said
            await asyncio.sleep(min(answer.retry_after or wait, LONGEST_POLL))
            wait = min(wait * 2, LONGEST_POLL)

    async def _post(self, url: str, payload: Mapping[str, object] | None) -> _Answer:
        answer = await self._post_once(url, payload)
        for _ in range(NONCES_TRIED):
            if answer.said.get("type") != f"{PROBLEM}badNonce":
                break
            answer = await self._post_once(url, payload)
        return _taken(answer)

    async def _post_once(self, url: str, payload: Mapping[str, object] | None) -> _Answer:
        if self._nonce is None:
            _taken(await self._ask("HEAD", self._directory["newNonce"]))
        nonce, self._nonce = self._nonce or "", None
        signed = self._key.signed(url, nonce, payload, account=self._account)
        return await self._ask("POST", url, signed)

    async def _ask(self, method: str, url: str, body: bytes | None = None) -> _Answer:
        answer = await asyncio.to_thread(self._ask_waiting, method, url, body)
        self._nonce = answer.headers.get("replay-nonce", self._nonce)
        return answer

    def _ask_waiting(self, method: str, url: str, body: bytes | None) -> _Answer:
        if urlsplit(url).scheme != "https":
            raise _Refused(f"{url} is not https")
        request = Request(url, data=body, method=method)  # noqa: S310 - https, as was just seen
        request.add_header("User-Agent", f"pmdaemon/{__version__}")
        if body is not None:
            request.add_header("Content-Type", "application/jose+json")
        try:
            with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                return _answer(response.status, response.headers, response.read(LARGEST_ANSWER))
        except HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read(LARGEST_ANSWER))
        except (OSError, HTTPException, ValueError) as error:
            reason = f"cannot ask {self._settings.directory}: {_words(error)}"
            raise _Refused(reason, for_all=True) from error


def _answer(status: int, headers: Message, body: bytes) -> _Answer:
    return _Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def _taken(answer: _Answer) -> _Answer:
    """Pass on what was answered, if that was no refusal."""
    if answer.status >= 300:
        reason = _why(answer.said or None, answer.status)
        raise _Refused(reason, answer.retry_after, for_all=answer.status >= 500)
    return answer


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {reason.verify_message}"
    return why(reason)


def _why(problem: object, status: int | None = None) -> str:
    """Word a problem document (RFC 7807), of which an authority sends one with what it refuses."""
    if isinstance(problem, dict):
        subproblems = problem.get("subproblems") or [{}]
        detail = problem.get("detail") or subproblems[0].get("detail")
        kind = str(problem.get("type", "")).removeprefix(PROBLEM)
        if detail:
            return f"the authority says: {detail}" + (f" ({kind})" if kind else "")
    return f"the authority answers with status {status}" if status else "the authority does not say"


def _request_for(host: str, key: ec.EllipticCurvePrivateKey) -> str:
    """Make the request to sign for a host and a key (RFC 8555, section 7.4)."""
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64url(request.public_bytes(serialization.Encoding.DER))


def _tls(trusted: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trusted is not None:
        context.load_verify_locations(trusted)
    return context
