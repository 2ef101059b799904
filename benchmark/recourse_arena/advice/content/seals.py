"""Digests over the parts of advice, so that a change of one is found and named."""

from __future__ import annotations

__all__ = ["PARTS", "broken_seals", "sealed"]

import hashlib

import msgspec

from recourse_arena.advice.content.told import Told

PARTS = {
    "status": "the answer",
    "features": "the features",
    "person": "the person's values",
    "limits": "the limits of what they can do",
    "closed": "what they cannot act on",
    "alternatives": "the alternatives",
    "single": "whether one feature is enough",
    "reasons": "how far each feature alone can change the decision",
    "openings": "what would open a way",
    "score": "the score now",
    "needed": "the score needed",
    "usual": "how usual they are",
    "draws": "how many draws were made",
    "asked": "who was asked",
    "effects": "what is taken to follow from actions",
    "answered": "whether they were asked",
}
"""The parts of advice that are sealed, in words."""

_CERTIFICATE = "the certificate (%s)"


def sealed(advice: Told) -> Told:
    """Return advice with a digest of each of its parts, and of each part of its certificate, in the certificate.

    There is no secret in a digest: whoever changes a part and its digest has made another claim, which is judged anew
    by `recourse-arena verify`.
    """
    certificate = msgspec.structs.replace(advice.certificate, seals=_seals(advice))
    return msgspec.structs.replace(advice, certificate=certificate)


def broken_seals(advice: Told) -> list[str]:
    """Return what was changed after it was sealed, in words."""
    now, then = _seals(advice), advice.certificate.seals
    return [_words(part) for part in now if now[part] != then.get(part)]


def _seals(advice: Told) -> dict[str, str]:
    parts = {part: getattr(advice, part) for part in PARTS}
    for name in advice.certificate.__struct_fields__:
        if name != "seals":
            parts[f"certificate.{name}"] = getattr(advice.certificate, name)
    return {name: _digest(value) for name, value in parts.items()}


def _digest(value: object) -> str:
    content = msgspec.json.encode(value, order="sorted")
    return hashlib.sha256(content).hexdigest()[:24]


def _words(part: str) -> str:
    if part in PARTS:
        return PARTS[part]
    return _CERTIFICATE % part.partition(".")[2]
