// SPDX-License-Identifier: MIT
/* libFuzzer's place where there is none: DRIVER RUNS SEED FILE... damages the files' contents, so many times, the same for the same seed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state;

/* xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled" */
static uint32_t below(uint32_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return limit ? (uint32_t)((state * 2685821657736338717ULL) >> 33) % limit : 0;
}

static size_t load(const char *path, uint8_t *out)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		exit(2);
	}
	n = fread(out, 1, LONGEST, f);
	fclose(f);
	return n;
}

static size_t damage(uint8_t *data, size_t size)
{
	static const uint8_t telling[] = { 0, '\n', ' ', '=', '$', '{', '}', '%', '-', '*', 0xfe };
	uint32_t at = below(size + 1), n = below(16);

	switch (below(4)) {
	case 0:
		if (at < size)
			data[at] = below(256);
		return size;
	case 1:
		if (at < size)
			data[at] = telling[below(sizeof(telling))];
		return size;
	case 2: /* take out */
		if (at + n > size)
			return at;
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	default: /* say twice */
		if (at + n > size || size + n > LONGEST)
			return size;
		memmove(data + at + n, data + at, size - at);
		return size + n;
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[LONGEST];
	unsigned long i, runs = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	size_t size;

	if (!runs) {
		fputs("usage: DRIVER RUNS SEED FILE...\n", stderr);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10) * 2 + 1;
	for (i = 0; i < runs; i++) {
		uint8_t *exact;
		int changes = below(6);

		size = load(argv[3 + i % (argc - 3)], data);
		while (changes--)
			size = damage(data, size);
		/* In memory of its own, so that a read past its end shows. */
		exact = malloc(size ? size : 1);
		memcpy(exact, data, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	return 0;
}
