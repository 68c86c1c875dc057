/*
 * The rates that nothing built on libsodium can beat: signing and verifying COUNT messages of SIZE
 * bytes with one thread. usage: raw COUNT SIZE; prints signatures/s and verifications/s.
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
    unsigned char *message = malloc(size);
    if (!message || count == 0 || size == 0)
        return 2;
    randombytes_buf(message, size);
    (void)crypto_sign_keypair(public_key, secret_key);
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
    printf("%.0f %.0f\n", (double)count / signing, (double)count / verifying);
    free(message);
    return bad != 0;
}
