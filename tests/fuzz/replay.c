/*
 * Runs a harness over the files that are named, without a fuzzer: what was found once stays found.
 */
#include "tests/fuzz/fuzz.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        static uint8_t data[1 << 20];
        FILE *file = fopen(argv[i], "rb");
        HOLDS(file);
        size_t size = fread(data, 1, sizeof data, file);
        (void)fclose(file);
        /* Exactly so many bytes, so that a sanitizer sees who reads behind them. */
        uint8_t *copy = malloc(size ? size : 1);
        HOLDS(copy);
        for (size_t k = 0; k < size; k++)
            copy[k] = data[k];
        (void)LLVMFuzzerTestOneInput(copy, size);
        free(copy);
    }
    (void)printf("%d seeds\n", argc - 1);
    return 0;
}
