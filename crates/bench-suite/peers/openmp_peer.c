/* OpenMP as gcc comes with it, asked for one figure at a time on standard input:
 *   sum N ROUNDS      -> "NS_SEQUENTIAL NS_PARALLEL SUM"   medians over rounds that take turns
 *   streams N ROUNDS  -> the same, of a sum in several streams, as fast as one can write it
 *   meet CALLS ROUNDS -> "NS"   a parallel region whose two threads wait for each other
 * It reads its own clock. One answer per line; any other request ends it. */
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 64

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *samples, int count) {
    qsort(samples, (size_t)count, sizeof *samples, by_value);
    return samples[count / 2];
}

__attribute__((noinline)) static float sum_sequential(const float *x, long n) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (long i = 0; i < n; i++) sum += x[i];
    return sum;
}

__attribute__((noinline)) static float sum_parallel(const float *x, long n) {
    float sum = 0;
#pragma omp parallel for simd reduction(+ : sum) schedule(static)
    for (long i = 0; i < n; i++) sum += x[i];
    return sum;
}

typedef float vector __attribute__((vector_size(64)));
/* Where it is read from: any floats. */
typedef float floats __attribute__((vector_size(64), aligned(4), may_alias));
enum {
    LANES = sizeof(vector) / sizeof(float),
#ifdef __AVX512F__
    STREAMS = 8,
#else
    STREAMS = 4,
#endif
};

/* The loop above waits for each addition before the next. */
__attribute__((noinline)) static float streams_sequential(const float *x, long n) {
    vector sums[STREAMS] = {{0}};
    long i = 0;
    for (; i + STREAMS * LANES <= n; i += STREAMS * LANES)
        for (int s = 0; s < STREAMS; s++) sums[s] += *(const floats *)(x + i + s * LANES);
    float sum = 0;
    for (int s = 0; s < STREAMS; s++)
        for (int lane = 0; lane < LANES; lane++) sum += sums[s][lane];
    for (; i < n; i++) sum += x[i];
    return sum;
}

__attribute__((noinline)) static float streams_parallel(const float *x, long n) {
    float sum = 0;
#pragma omp parallel reduction(+ : sum)
    {
        long all = omp_get_num_threads(), me = omp_get_thread_num();
        long from = n / LANES * me / all * LANES;
        long to = me + 1 == all ? n : n / LANES * (me + 1) / all * LANES;
        sum += streams_sequential(x + from, to - from);
    }
    return sum;
}

static double time_sum(float (*sum)(const float *, long), const float *x, long n, long calls,
                       volatile float *out) {
    double begun = now_ns();
    for (long call = 0; call < calls; call++) *out = sum(x, n);
    return (now_ns() - begun) / (double)calls;
}

static void meet(void) {
    atomic_int come = 0;
#pragma omp parallel num_threads(2) shared(come)
    {
        atomic_fetch_add_explicit(&come, 1, memory_order_relaxed);
        while (atomic_load_explicit(&come, memory_order_relaxed) < 2) {
        }
    }
}

int main(void) {
    char what[16];
    long n, rounds;
    double first[ROUNDS_MAX], second[ROUNDS_MAX];
    while (scanf("%15s %ld %ld", what, &n, &rounds) == 3) {
        if (n < 1 || rounds < 1 || rounds > ROUNDS_MAX) return 2;
        if (strcmp(what, "meet") == 0) {
            for (long i = 0; i < n; i++) meet();
            for (long round = 0; round < rounds; round++) {
                double begun = now_ns();
                for (long i = 0; i < n; i++) meet();
                first[round] = (now_ns() - begun) / (double)n;
            }
            printf("%.3f\n", median(first, (int)rounds));
        } else if (strcmp(what, "sum") == 0 || strcmp(what, "streams") == 0) {
            int streams = strcmp(what, "streams") == 0;
            float (*sequential)(const float *, long) = streams ? streams_sequential : sum_sequential;
            float (*parallel)(const float *, long) = streams ? streams_parallel : sum_parallel;
            float *x = aligned_alloc(64, ((size_t)n * sizeof *x + 63) / 64 * 64);
            if (!x) return 1;
            for (long i = 0; i < n; i++) x[i] = 0.001f * (float)(i % 1000);
            volatile float out = 0;
            /* A sample is about 100 us; the threads are awake when it begins. */
            double once = time_sum(sequential, x, n, 3, &out);
            long calls = (long)(1e5 / (once + 1));
            if (calls < 1) calls = 1;
            for (long round = 0; round < rounds; round++) {
                first[round] = time_sum(sequential, x, n, calls, &out);
                time_sum(parallel, x, n, calls, &out);
                second[round] = time_sum(parallel, x, n, calls, &out);
            }
            printf("%.3f %.3f %.9g\n", median(first, (int)rounds), median(second, (int)rounds),
                   (double)out);
            free(x);
        } else {
            return 2;
        }
        fflush(stdout);
    }
    return 0;
}
