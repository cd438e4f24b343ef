/*
 * Files: what src/edge/node/fs.ts makes Node's calls of. Everything blocks, and
 * everything answers its value or the name of its errno. Descriptors are numbers
 * that TypeScript keeps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "host.h"

/* Offsets and sizes are exact in doubles. */
static const size_t offset_max = (size_t)1 << (sizeof(size_t) > 4 ? 53 : 31);

static JSValue answer(JSContext *ctx, int result) {
  return result < 0 ? fault(ctx, errno) : JS_UNDEFINED;
}

/* fileOpen(path, flags, mode): a descriptor. Flags as a text, since their numbers differ by architecture. */
static int flags_of(const char *text) {
  if (strcmp(text, "r") == 0) return O_RDONLY;
  if (strcmp(text, "r+") == 0) return O_RDWR;
  if (strcmp(text, "w") == 0) return O_RDWR | O_CREAT | O_TRUNC;
  if (strcmp(text, "wx") == 0) return O_RDWR | O_CREAT | O_EXCL;
  return -1;
}

static JSValue call_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  uint32_t mode = 0;
  if (JS_ToUint32(ctx, &mode, argv[2]) < 0) return JS_EXCEPTION;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  const char *text = JS_ToCString(ctx, argv[1]);
  JSValue result = JS_EXCEPTION;
  int flags = text == NULL ? -1 : flags_of(text);
  if (text != NULL && flags < 0) JS_ThrowTypeError(ctx, "no flags: %s", text);
  if (flags >= 0) {
    int fd = open(path, flags | O_CLOEXEC, (mode_t)mode);
    result = fd < 0 ? fault(ctx, errno) : JS_NewInt32(ctx, fd);
  }
  JS_FreeCString(ctx, text);
  JS_FreeCString(ctx, path);
  return result;
}

/* fileRead(fd, offset, out): bytes read, short only at the end. */
static JSValue call_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t offset = 0;
  Bytes out;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &offset) < 0 ||
      get_bytes(ctx, argv[2], &out) < 0)
    return JS_EXCEPTION;
  size_t done = 0;
  while (done < out.size) {
    ssize_t got = pread(fd, out.data + done, out.size - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(ctx, errno);
    if (got == 0) break;
    done += (size_t)got;
  }
  return JS_NewInt64(ctx, (int64_t)done);
}

/* fileWrite(fd, offset, bytes): all of them, or a fault with any part written. */
static JSValue call_write(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t offset = 0;
  Bytes bytes;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &offset) < 0 ||
      get_bytes(ctx, argv[2], &bytes) < 0)
    return JS_EXCEPTION;
  size_t done = 0;
  while (done < bytes.size) {
    ssize_t put = pwrite(fd, bytes.data + done, bytes.size - done, (off_t)(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fault(ctx, errno);
    done += (size_t)put;
  }
  return JS_UNDEFINED;
}

static JSValue call_truncate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  size_t size = 0;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || get_size(ctx, argv[1], offset_max, &size) < 0)
    return JS_EXCEPTION;
  return answer(ctx, ftruncate(fd, (off_t)size));
}

static const char *kind_of(mode_t mode) {
  return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

static double nanoseconds_of(const struct timespec *time) {
  return (double)time->tv_sec * 1e9 + (double)time->tv_nsec;
}

static JSValue stat_object(JSContext *ctx, const struct stat *facts) {
  char stamp[128];
  JSValue object = JS_NewObject(ctx);
  JS_SetPropertyStr(ctx, object, "kind", JS_NewString(ctx, kind_of(facts->st_mode)));
  JS_SetPropertyStr(ctx, object, "size", JS_NewInt64(ctx, facts->st_size));
  JS_SetPropertyStr(ctx, object, "mode", JS_NewUint32(ctx, facts->st_mode));
  JS_SetPropertyStr(ctx, object, "uid", JS_NewUint32(ctx, facts->st_uid));
  JS_SetPropertyStr(ctx, object, "mtimeMs",
                    JS_NewFloat64(ctx, nanoseconds_of(&facts->st_mtim) / 1e6));
  snprintf(stamp, sizeof stamp, "%llu", (unsigned long long)facts->st_ino);
  JS_SetPropertyStr(ctx, object, "ino", JS_NewString(ctx, stamp));
  snprintf(stamp, sizeof stamp, "%lld%09ld", (long long)facts->st_mtim.tv_sec,
           facts->st_mtim.tv_nsec);
  JS_SetPropertyStr(ctx, object, "mtimeNs", JS_NewString(ctx, stamp));
  snprintf(stamp, sizeof stamp, "%lld%09ld", (long long)facts->st_ctim.tv_sec,
           facts->st_ctim.tv_nsec);
  JS_SetPropertyStr(ctx, object, "ctimeNs", JS_NewString(ctx, stamp));
  return object;
}

/* fileStat(fd) */
static JSValue call_fstat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  struct stat facts;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return fstat(fd, &facts) < 0 ? fault(ctx, errno) : stat_object(ctx, &facts);
}

/* pathStat(path, follow) */
static JSValue call_stat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct stat facts;
  int follow = JS_ToBool(ctx, argv[1]) == 1;
  int result = fstatat(AT_FDCWD, path, &facts, follow ? 0 : AT_SYMLINK_NOFOLLOW);
  JSValue told = result < 0 ? fault(ctx, errno) : stat_object(ctx, &facts);
  JS_FreeCString(ctx, path);
  return told;
}

/* fileSync(fd, isDataOnly) */
static JSValue call_sync(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return answer(ctx, JS_ToBool(ctx, argv[1]) == 1 ? fdatasync(fd) : fsync(fd));
}

static JSValue call_fchmod(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  uint32_t mode = 0;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0 || JS_ToUint32(ctx, &mode, argv[1]) < 0)
    return JS_EXCEPTION;
  return answer(ctx, fchmod(fd, (mode_t)mode));
}

static JSValue call_close(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = -1;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  close(fd);
  return JS_UNDEFINED;
}

/* folderList(path): all names in it, without "." and "..". */
static JSValue call_list(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  DIR *folder = opendir(path);
  JSValue names = folder == NULL ? fault(ctx, errno) : JS_NewArray(ctx);
  uint32_t count = 0;
  for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    JS_SetPropertyUint32(ctx, names, count++, JS_NewString(ctx, name));
  }
  if (folder != NULL) closedir(folder);
  JS_FreeCString(ctx, path);
  return names;
}

static JSValue call_rename(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *from = get_path(ctx, argv[0]);
  if (from == NULL) return JS_EXCEPTION;
  const char *to = get_path(ctx, argv[1]);
  JSValue result = to == NULL ? JS_EXCEPTION : answer(ctx, rename(from, to));
  JS_FreeCString(ctx, from);
  if (to != NULL) JS_FreeCString(ctx, to);
  return result;
}

/* pathRemove(path, isFolder) */
static JSValue call_remove(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  JSValue result = answer(ctx, JS_ToBool(ctx, argv[1]) == 1 ? rmdir(path) : unlink(path));
  JS_FreeCString(ctx, path);
  return result;
}

typedef int ModeCall(const char *path, mode_t mode);

static JSValue with_mode(JSContext *ctx, JSValueConst *argv, ModeCall *call) {
  uint32_t mode = 0;
  if (JS_ToUint32(ctx, &mode, argv[1]) < 0) return JS_EXCEPTION;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  JSValue result = answer(ctx, call(path, (mode_t)mode));
  JS_FreeCString(ctx, path);
  return result;
}

static JSValue call_chmod(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  return with_mode(ctx, argv, chmod);
}

static JSValue call_make(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  return with_mode(ctx, argv, mkdir);
}

/* folderMakeTemporary(prefix): the path of a new folder, 0700. An errno begins with "E", a path never. */
static JSValue call_make_temporary(JSContext *ctx, JSValueConst self, int argc,
                                   JSValueConst *argv) {
  (void)self; (void)argc;
  const char *prefix = get_path(ctx, argv[0]);
  if (prefix == NULL) return JS_EXCEPTION;
  char path[PATH_MAX];
  int size = snprintf(path, sizeof path, "%sXXXXXX", prefix);
  JS_FreeCString(ctx, prefix);
  if (size < 0 || (size_t)size >= sizeof path) return fault(ctx, ENAMETOOLONG);
  return mkdtemp(path) == NULL ? fault(ctx, errno) : JS_NewString(ctx, path);
}

/* pathReal(path): absolute and without links. An errno begins with "E", a path with "/". */
static JSValue call_real(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  char real[PATH_MAX];
  JSValue result = realpath(path, real) == NULL ? fault(ctx, errno) : JS_NewString(ctx, real);
  JS_FreeCString(ctx, path);
  return result;
}

/* workingFolder() */
static JSValue call_working(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  char path[PATH_MAX];
  return getcwd(path, sizeof path) == NULL ? fault(ctx, errno) : JS_NewString(ctx, path);
}

/* folderSpace(path): { bsize, bavail } */
static JSValue call_space(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  struct statvfs facts;
  JSValue result;
  if (statvfs(path, &facts) < 0) {
    result = fault(ctx, errno);
  } else {
    result = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, result, "bsize", JS_NewFloat64(ctx, (double)facts.f_frsize));
    JS_SetPropertyStr(ctx, result, "bavail", JS_NewFloat64(ctx, (double)facts.f_bavail));
  }
  JS_FreeCString(ctx, path);
  return result;
}

/*
 * directoryLock(path): a descriptor that holds the lock, or an errno: EAGAIN when another
 * process has it. The lock is the one that SQLite takes for BEGIN EXCLUSIVE, so that it
 * excludes the Node command: a write lock on its pending byte and on the bytes of its
 * shared range (sqlite3's os_unix.c). A reader of SQLite's sees it as well.
 */
enum { lock_offset = 0x40000000, lock_bytes = 512 };

static int lock_at(int fd, short type, off_t start, off_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(fd, F_SETLK, &lock);
}

static JSValue call_lock(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  JS_FreeCString(ctx, path);
  if (fd < 0) return fault(ctx, errno);
  if (lock_at(fd, F_WRLCK, lock_offset, lock_bytes) == 0) return JS_NewInt32(ctx, fd);
  int reason = errno == EACCES ? EAGAIN : errno;
  close(fd);
  return fault(ctx, reason);
}

/* lockHolder(path): whether another process has it: true or false. */
static JSValue call_holder(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *path = get_path(ctx, argv[0]);
  if (path == NULL) return JS_EXCEPTION;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  JS_FreeCString(ctx, path);
  if (fd < 0) return fault(ctx, errno);
  struct flock lock = {
      .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = lock_offset, .l_len = lock_bytes};
  int result = fcntl(fd, F_GETLK, &lock);
  int reason = errno;
  close(fd);
  return result < 0 ? fault(ctx, reason) : JS_NewBool(ctx, lock.l_type != F_UNLCK);
}

static const HostFunction functions[] = {
    {"fileOpen", 3, call_open},
    {"fileRead", 3, call_read},
    {"fileWrite", 3, call_write},
    {"fileTruncate", 2, call_truncate},
    {"fileStat", 1, call_fstat},
    {"fileSync", 2, call_sync},
    {"fileMode", 2, call_fchmod},
    {"fileClose", 1, call_close},
    {"folderList", 1, call_list},
    {"folderMake", 2, call_make},
    {"folderMakeTemporary", 1, call_make_temporary},
    {"folderSpace", 1, call_space},
    {"pathStat", 2, call_stat},
    {"pathMode", 2, call_chmod},
    {"pathReal", 1, call_real},
    {"pathRename", 2, call_rename},
    {"pathRemove", 2, call_remove},
    {"workingFolder", 0, call_working},
    {"directoryLock", 1, call_lock},
    {"lockHolder", 1, call_holder},
};

void add_files(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
