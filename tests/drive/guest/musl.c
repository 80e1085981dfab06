// SPDX-License-Identifier: BSD-2-Clause
// What a C library asks of a kernel at its start and after, in one program: linked with musl, it
// must say the same on every kernel. Ends with status 7.
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local int t_number = 5;
static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_changed = PTHREAD_COND_INITIALIZER;
static int g_turns;
static volatile sig_atomic_t g_signals;

static void count_signal(int number) { g_signals += number == SIGUSR1; }

static void *take_turns(void *argument) {
    const int own = (int)(long)argument;
    t_number += own;
    for (int i = 0; i < 100; ++i) {
        pthread_mutex_lock(&g_lock);
        while (g_turns % 4 != own)
            pthread_cond_wait(&g_changed, &g_lock);
        ++g_turns;
        pthread_cond_broadcast(&g_changed);
        pthread_mutex_unlock(&g_lock);
    }
    return (void *)(long)t_number;
}

static void use_threads(void) {
    pthread_t threads[4];
    for (long i = 0; i < 4; ++i)
        pthread_create(&threads[i], NULL, take_turns, (void *)i);
    long sum = 0;
    for (int i = 0; i < 4; ++i) {
        void *answer;
        pthread_join(threads[i], &answer);
        sum += (long)answer;
    }
    printf("turns %d, sum %ld, mine %d\n", g_turns, sum, t_number);
}

static void use_processes(void) {
    int ends[2];
    if (pipe(ends) != 0)
        exit(1);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl("/bin/sh", "sh", "-c", "echo from the shell; exit 3", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char text[64] = "";
    FILE *from = fdopen(ends[0], "r");
    if (!fgets(text, sizeof text, from))
        exit(1);
    fclose(from);
    int status;
    waitpid(child, &status, 0);
    printf("child said %.*s, status %d\n", (int)strcspn(text, "\n"), text, WEXITSTATUS(status));
}

int main(int count, char **words) {
    setlocale(LC_ALL, "C.UTF-8");
    printf("%d words, the last \"%s\", %.3f\n", count, words[count - 1], 1.0 / 3);
    use_threads();
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 10; ++i)
        raise(SIGUSR1);
    printf("signals %d\n", (int)g_signals);
    use_processes();
    char *memory = malloc(8 << 20);
    memset(memory, 1, 8 << 20);
    memory = realloc(memory, 32 << 20);
    long sum = 0;
    for (int i = 0; i < 8 << 20; ++i)
        sum += memory[i];
    free(memory);
    FILE *missing = fopen("/nonesuch", "r");
    printf("sum %ld, missing %d: %s\n", sum, missing != NULL, strerror(errno));
    return 7;
}
