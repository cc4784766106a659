"""Playback tokens as the platforms check them: JSON Web Tokens for one media, for a while.

RSA is the openssl program's work: the standard library has none.
"""
from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import subprocess
import tempfile
from typing import Any


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(("openssl",) + arguments, input=given, capture_output=True)
    if done.returncode:
        raise ValueError(done.stderr.decode("utf-8", "replace"))
    return done.stdout


@functools.lru_cache(maxsize=None)
def rsa_key(name: str, bits: int = 2048) -> str:
    """A private key as PEM, the same for the same name as long as the process lives."""
    return openssl("genrsa", "-traditional", str(bits)).decode()


def public_part(pem: str) -> str:
    return openssl("rsa", "-pubout", given=pem.encode()).decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    header, claims, _ = token.split(".")
    return json.loads(_decode(header)), json.loads(_decode(claims))


def _signed_by_rsa(token: str, public: str) -> bool:
    message, _, signature = token.rpartition(".")
    with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as mac:
        key.write(public.encode())
        mac.write(_decode(signature))
        key.flush()
        mac.flush()
        try:
            openssl("dgst", "-sha256", "-verify", key.name, "-signature", mac.name,
                    given=message.encode())
        except ValueError:
            return False
    return True


def refuse_fastpix(token: str, keys: dict[str, str], playback_id: str, now: float) -> str:
    """Why this token does not open that playback id, or "". `keys`: public ones by id."""
    try:
        header, claims = read(token)
        kid = header.get("kid", "")
        if header.get("alg") != "RS256" or kid != claims.get("kid") or kid not in keys:
            return "unknown key"
        if not _signed_by_rsa(token, keys[kid]):
            return "bad signature"
        if claims.get("aud") != "media:" + playback_id or claims.get("iss") != "fastpix.com":
            return "token of another media"
        if not claims["iat"] <= now < claims["exp"] or claims["exp"] - claims["iat"] > 3600:
            return "token expired, or good for too long"
    except (ValueError, KeyError, TypeError) as error:
        return "no token: %s" % error
    return ""


def refuse_optiview(token: str, keys: dict[str, str], asset_id: str, now: float) -> str:
    """The same for a media distribution with shared `keys` by id."""
    try:
        header, claims = read(token)
        key = keys.get(claims.get("mediaKeyId", ""))
        if header.get("alg") != "HS256" or key is None:
            return "unknown key"
        message, _, signature = token.rpartition(".")
        good = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(good, _decode(signature)):
            return "bad signature"
        if claims.get("mediaAssetId", asset_id) != asset_id:
            return "token of another media"
        if not now < claims["exp"] <= now + 3600:
            return "token expired, or good for too long"
    except (ValueError, KeyError, TypeError) as error:
        return "no token: %s" % error
    return ""
