/*
 * Faults of the file system, injected into a real process by LD_PRELOAD. They concern files whose
 * path contains "/log/" only. What to do is asked for by files in the directory $ZAM_FAULT_DIR,
 * and what was done is shown there too, so that a test can prove that its fault really fired:
 *
 *   fsync-eio   the next fsync or fdatasync fails with EIO; the file is removed: it happens once
 *   fsync-hold  fsync and fdatasync create "held", then wait until this file is gone
 *   enospc      holds a number: so many bytes may still be written, then writes fail with ENOSPC
 *
 * "fired" gets one character for each fault.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int control(char *out, size_t size, const char *name) {
  const char *dir = getenv("ZAM_FAULT_DIR");
  if (dir == NULL) return 0;
  snprintf(out, size, "%s/%s", dir, name);
  return 1;
}

static int is_log_file(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return strstr(path, "/log/") != NULL;
}

static void append(const char *name) {
  char path[4096];
  if (!control(path, sizeof path, name)) return;
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd < 0) return;
  ssize_t ignored = write(fd, "x", 1);
  (void)ignored;
  close(fd);
}

static int sync_fault(int fd) {
  char path[4096];
  if (!is_log_file(fd)) return 0;
  if (control(path, sizeof path, "fsync-hold") && access(path, F_OK) == 0) {
    append("held");
    while (access(path, F_OK) == 0) usleep(2000);
  }
  if (control(path, sizeof path, "fsync-eio") && unlink(path) == 0) {
    append("fired");
    return 1;
  }
  return 0;
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (sync_fault(fd)) { errno = EIO; return -1; }
  return real(fd);
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  if (sync_fault(fd)) { errno = EIO; return -1; }
  return real(fd);
}

/* How many of `wanted` bytes may be written; -1 for ENOSPC. */
static ssize_t allowance(int fd, size_t wanted) {
  char path[4096], text[32] = {0};
  ssize_t allowed = (ssize_t)wanted;
  if (!control(path, sizeof path, "enospc") || !is_log_file(fd)) return allowed;
  pthread_mutex_lock(&lock);
  int control_fd = open(path, O_RDWR);
  if (control_fd >= 0) {
    ssize_t size = read(control_fd, text, sizeof text - 1);
    long left = size > 0 ? atol(text) : 0;
    if ((long)wanted > left) {
      allowed = left > 0 ? left : -1;
      append("fired");
    }
    snprintf(text, sizeof text, "%ld\n", left - (allowed > 0 ? (long)allowed : 0));
    if (ftruncate(control_fd, 0) == 0 && pwrite(control_fd, text, strlen(text), 0) < 0) abort();
    close(control_fd);
  }
  pthread_mutex_unlock(&lock);
  return allowed;
}

#define LIMITED_WRITE(name, offset_type)                                            \
  ssize_t name(int fd, const void *bytes, size_t count, offset_type offset) {       \
    static ssize_t (*real)(int, const void *, size_t, offset_type);                 \
    if (real == NULL)                                                               \
      real = (ssize_t (*)(int, const void *, size_t, offset_type))dlsym(RTLD_NEXT, #name); \
    ssize_t allowed = allowance(fd, count);                                         \
    if (allowed < 0) { errno = ENOSPC; return -1; }                                 \
    return real(fd, bytes, (size_t)allowed, offset);                                \
  }

LIMITED_WRITE(pwrite, off_t)
LIMITED_WRITE(pwrite64, off64_t)

ssize_t pwritev(int fd, const struct iovec *vector, int count, off_t offset) {
  return pwrite(fd, vector[0].iov_base, count > 0 ? vector[0].iov_len : 0, offset);
}

ssize_t pwritev64(int fd, const struct iovec *vector, int count, off64_t offset) {
  return pwrite64(fd, vector[0].iov_base, count > 0 ? vector[0].iov_len : 0, offset);
}
