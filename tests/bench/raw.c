/*
 * The rates that nothing built on libsodium can beat: signing, verifying, sealing and opening COUNT
 * messages of SIZE bytes with one thread. usage: raw COUNT SIZE; prints the four rates per second.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 3 || sodium_init() < 0)
        return 2;
    unsigned long count = strtoul(argv[1], NULL, 10);
    size_t size = strtoul(argv[2], NULL, 10);
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
    unsigned char signature[crypto_sign_BYTES];
    unsigned char seal_public[crypto_box_PUBLICKEYBYTES];
    unsigned char seal_secret[crypto_box_SECRETKEYBYTES];
    unsigned char *message = malloc(size);
    unsigned char *box = malloc(size + crypto_box_SEALBYTES);
    if (!message || !box || count == 0 || size == 0)
        return 2;
    randombytes_buf(message, size);
    (void)crypto_sign_keypair(public_key, secret_key);
    (void)crypto_box_keypair(seal_public, seal_secret);
    double start = seconds();
    for (unsigned long i = 0; i < count; i++) {
        message[i % size]++;
        (void)crypto_sign_detached(signature, NULL, message, size, secret_key);
    }
    double signing = seconds() - start;
    start = seconds();
    int bad = 0;
    for (unsigned long i = 0; i < count; i++)
        bad |= crypto_sign_verify_detached(signature, message, size, public_key);
    double verifying = seconds() - start;
    start = seconds();
    for (unsigned long i = 0; i < count; i++)
        bad |= crypto_box_seal(box, message, size, seal_public);
    double sealing = seconds() - start;
    start = seconds();
    for (unsigned long i = 0; i < count; i++)
        bad |= crypto_box_seal_open(message, box, size + crypto_box_SEALBYTES, seal_public,
                                    seal_secret);
    double opening = seconds() - start;
    double n = (double)count;
    printf("%.0f %.0f %.0f %.0f\n", n / signing, n / verifying, n / sealing, n / opening);
    free(message);
    free(box);
    return bad != 0;
}
