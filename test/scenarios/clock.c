/*
 * Another clock for a real process, by LD_PRELOAD:
 *
 *   $ZAM_CLOCK_FILE   names a file with a number: so many seconds are added to the wall clock. It may
 *                     change at any time, as when somebody sets the clock
 *   $ZAM_CLOCK_SPEED  the monotonic clock, and with it every timer, runs so many times faster, so that
 *                     what takes a minute is over in seconds; the wall clock keeps its pace
 *
 * One character goes to $ZAM_CLOCK_FILE.asked whenever the file was read, so that a test can prove
 * that the other time was really told.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int (*gettime_fn)(clockid_t, struct timespec *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static gettime_fn real_gettime(void) {
  static gettime_fn real;
  if (real == NULL) real = (gettime_fn)dlsym(RTLD_NEXT, "clock_gettime");
  return real;
}

static long long nanos(const struct timespec *at) { return at->tv_sec * 1000000000LL + at->tv_nsec; }

static int speed(void) {
  static int cached;
  if (cached == 0) {
    const char *text = getenv("ZAM_CLOCK_SPEED");
    cached = text != NULL && atoi(text) > 1 ? atoi(text) : 1;
  }
  return cached;
}

/* The file is read at most every 20 ms: clocks are asked all the time. */
static long offset_seconds(void) {
  static long long read_at;
  static long offset;
  const char *path = getenv("ZAM_CLOCK_FILE");
  if (path == NULL) return 0;
  struct timespec now;
  real_gettime()(CLOCK_MONOTONIC, &now);
  pthread_mutex_lock(&lock);
  if (read_at == 0 || nanos(&now) - read_at > 20000000LL) {
    read_at = nanos(&now);
    char text[64] = {0}, asked[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      if (read(fd, text, sizeof text - 1) > 0) offset = atol(text);
      close(fd);
    }
    snprintf(asked, sizeof asked, "%s.asked", path);
    fd = open(asked, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
      ssize_t ignored = write(fd, "x", 1);
      (void)ignored;
      close(fd);
    }
  }
  long result = offset;
  pthread_mutex_unlock(&lock);
  return result;
}

static int is_wall(clockid_t id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE; }
static int is_monotonic(clockid_t id) {
  return id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t id, struct timespec *out) {
  int status = real_gettime()(id, out);
  if (status != 0) return status;
  if (is_wall(id)) out->tv_sec += offset_seconds();
  if (is_monotonic(id) && speed() > 1) {
    static long long origin;
    if (origin == 0) origin = nanos(out);
    long long faster = origin + (nanos(out) - origin) * speed();
    out->tv_sec = faster / 1000000000LL;
    out->tv_nsec = faster % 1000000000LL;
  }
  return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

static int sooner(int timeout) {
  if (timeout <= 0 || speed() == 1) return timeout;
  return timeout / speed() > 0 ? timeout / speed() : 1;
}

int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask) {
  static int (*real)(int, struct epoll_event *, int, int, const sigset_t *);
  if (real == NULL)
    real = (int (*)(int, struct epoll_event *, int, int, const sigset_t *))dlsym(RTLD_NEXT, "epoll_pwait");
  return real(fd, events, count, sooner(timeout), mask);
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
  return epoll_pwait(fd, events, count, timeout, NULL);
}
