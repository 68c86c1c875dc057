"""Checkpoints without the toolkit: Ed25519 as RFC 8032 writes it down, the tree of RFC 6962, signed
notes of C2SP. Slow and plain; a tamperer signs with it what lm-log would refuse to sign."""

import base64
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    return P - x if x & 1 else x


_Y = 4 * pow(5, P - 2, P) % P
BASE = (_recover_x(_Y), _Y, 1, _recover_x(_Y) * _Y % P)


def _add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def _multiply(scalar):
    point, power = (0, 1, 1, 0), BASE
    while scalar:
        if scalar & 1:
            point = _add(point, power)
        power = _add(power, power)
        scalar >>= 1
    return point


def _encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _digest(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def sign(seed, message):
    expanded = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(expanded[:32], "little") & (1 << 254) - 8 | 1 << 254
    public = _encode(_multiply(scalar))
    nonce = _digest(expanded[32:], message) % L
    commitment = _encode(_multiply(nonce))
    answer = (nonce + _digest(commitment, public, message) * scalar) % L
    return public, commitment + answer.to_bytes(32, "little")


def root(leaves):
    """RFC 6962 section 2.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()


def key_of(jwk):
    """The seed of the signing key of a JWK Set."""
    text = next(key["d"] for key in jwk["keys"] if key["crv"] == "Ed25519")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def checkpoint(origin, leaves, seed):
    text = f"{origin}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n"
    public, signature = sign(seed, text.encode())
    key_id = hashlib.sha256(origin.encode() + b"\n\1" + public).digest()[:4]
    return f"{text}\n\u2014 {origin} {base64.b64encode(key_id + signature).decode()}\n"


def cosignature(name, note, seed, at):
    """The line by which a witness, or a keeper who says when, cosigns a checkpoint at a time."""
    text = note.split("\n\n")[0] + "\n"
    public, signature = sign(seed, f"cosignature/v1\ntime {at}\n{text}".encode())
    key_id = hashlib.sha256(name.encode() + b"\n\4" + public).digest()[:4]
    signed = key_id + at.to_bytes(8, "big") + signature
    return f"\u2014 {name} {base64.b64encode(signed).decode()}\n"
