/*
 * What a key file looks like. Private to lib/crypto: key_save.c writes it, key_load.c reads it.
 *
 *     {"id":"u1","keys":[{"crv":"Ed25519","d":…,"kid":…,"kty":"OKP","use":"sig","x":…},
 *                        {"crv":"X25519","d":…,"kid":…,"kty":"OKP","use":"enc","x":…}]}
 *
 * Under a passphrase no key has its d, and there is one member more,
 *
 *     "locked":{"box":…,"cipher":…,"kdf":…,"memory_bytes":…,"nonce":…,"passes":…,"salt":…}
 *
 * whose box holds the secrets that are missing, 32 bytes for each of the keys, in their order. The
 * file's RFC 8785 form without the box is authenticated with it.
 */
#ifndef LM_CRYPTO_KEY_FORM_H
#define LM_CRYPTO_KEY_FORM_H

/* Far more than two keys need; a key file that is larger is none. */
#define LM_KEY_FILE_SIZE_MAX 8192

#define LM_LOCK_CIPHER "xchacha20-poly1305"
#define LM_LOCK_KDF    "argon2id"

#endif
