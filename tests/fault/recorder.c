/* LD_PRELOAD: writes down what a program does to the files of one folder, so that power_loss.py can
 * make up what a disk would hold had the power gone at any moment.
 *
 * HG_RECORD_FOLDER  the folder (absolute); files that are caches or locks (-shm, .lock, .sock) are
 * left out HG_RECORD_LOG     where to; appended, so a program that is started again continues it
 *
 * Each record: struct head, then `length` bytes. Times are CLOCK_MONOTONIC: of a sync that has
 * ended, when it had; of everything else, before it began. Numbers of files are numbers of open():
 * the reader knows which file stands behind them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum operation {
  OPENED = 1,
  CREATED,
  WRITTEN,
  TRUNCATED,
  SYNC_BEGUN,
  SYNC_ENDED,
  RENAMED,
  UNLINKED
};

struct head {
  uint64_t at_ns;
  uint64_t offset; /* of TRUNCATED: the new size; of SYNC_ENDED: 1 when it succeeded */
  uint32_t length;
  uint32_t file;
  uint32_t operation;
  uint32_t unused;
};

#define FILES_MAX 4096
static uint32_t files[FILES_MAX]; /* by descriptor; 0: not ours */
static uint32_t last_file;
static int log_file = -1;
static const char* folder;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("HG_RECORD_LOG");
  folder = getenv("HG_RECORD_FOLDER");
  if (path == NULL || folder == NULL) return;
  log_file =
      (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  last_file = (uint32_t)getpid() << 12; /* so that numbers of two runs differ */
}

/* A record is one write, so a kill cuts off no earlier one. */
static void put(uint32_t operation, uint32_t file, uint64_t at, uint64_t offset, const void* data,
                size_t length) {
  struct head head = {at, offset, (uint32_t)length, file, operation, 0};
  struct iovec parts[2] = {{&head, sizeof head}, {(void*)(uintptr_t)data, length}};
  const int kept = errno;
  if (syscall(SYS_writev, log_file, parts, 2) != (long)(sizeof head + length)) abort();
  errno = kept;
}

static uint32_t file_of(int descriptor) {
  return descriptor >= 0 && descriptor < FILES_MAX ? files[descriptor] : 0;
}

static int ends_with(const char* text, const char* end) {
  const size_t length = strlen(text), wanted = strlen(end);
  return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* The name below the folder, "." for the folder itself, NULL for what is not ours. */
static const char* name_of(const char* path) {
  static __thread char absolute[4096];
  if (log_file < 0) return NULL;
  if (path[0] != '/') {
    if (getcwd(absolute, sizeof absolute) == NULL) return NULL;
    const size_t length = strlen(absolute);
    snprintf(absolute + length, sizeof absolute - length, "/%s", path);
    path = absolute;
  }
  const size_t length = strlen(folder);
  if (strncmp(path, folder, length) != 0) return NULL;
  if (path[length] == 0) return ".";
  if (path[length] != '/') return NULL;
  if (ends_with(path, "-shm") || ends_with(path, ".lock") || ends_with(path, ".sock")) return NULL;
  return path + length + 1;
}

static int opened(int descriptor, const char* path, int flags, int existed) {
  const char* name = name_of(path);
  if (descriptor < 0) return descriptor;
  if (descriptor < FILES_MAX) files[descriptor] = 0;
  if (name == NULL || descriptor >= FILES_MAX) return descriptor;
  pthread_mutex_lock(&lock);
  const uint32_t file = ++last_file;
  files[descriptor] = file;
  put(existed ? OPENED : CREATED, file, now(), 0, name, strlen(name));
  if (existed && (flags & O_TRUNC)) put(TRUNCATED, file, now(), 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return descriptor;
}

static int open_it(int at, const char* path, int flags, mode_t mode) {
  const int existed = faccessat(at, path, F_OK, 0) == 0;
  return opened((int)syscall(SYS_openat, at, path, flags, mode), path, flags, existed);
}

#define MODE(flags)                                                \
  mode_t mode = 0;                                                 \
  if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list rest;                                                  \
    va_start(rest, flags);                                         \
    mode = (mode_t)va_arg(rest, int);                              \
    va_end(rest);                                                  \
  }

int open(const char* path, int flags, ...) {
  MODE(flags)
  return open_it(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  MODE(flags)
  return open_it(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char* path, int flags, ...) {
  MODE(flags)
  return open_it(at, path, flags, mode);
}
int openat64(int at, const char* path, int flags, ...) {
  MODE(flags)
  return open_it(at, path, flags, mode);
}

int close(int descriptor) {
  if (file_of(descriptor) != 0) files[descriptor] = 0;
  return (int)syscall(SYS_close, descriptor);
}

static ssize_t write_at(int descriptor, const void* data, size_t length, off_t offset) {
  const uint32_t file = file_of(descriptor);
  if (file == 0) return (ssize_t)syscall(SYS_pwrite64, descriptor, data, length, offset);
  pthread_mutex_lock(&lock);
  const uint64_t at = now();
  const ssize_t done = (ssize_t)syscall(SYS_pwrite64, descriptor, data, length, offset);
  if (done > 0) put(WRITTEN, file, at, (uint64_t)offset, data, (size_t)done);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite(int descriptor, const void* data, size_t length, off_t offset) {
  return write_at(descriptor, data, length, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t length, off64_t offset) {
  return write_at(descriptor, data, length, offset);
}

ssize_t write(int descriptor, const void* data, size_t length) {
  if (file_of(descriptor) == 0) return (ssize_t)syscall(SYS_write, descriptor, data, length);
  const off_t offset = lseek(descriptor, 0, SEEK_CUR);
  const ssize_t done = write_at(descriptor, data, length, offset);
  if (done > 0) lseek(descriptor, offset + done, SEEK_SET);
  return done;
}

ssize_t pwritev(int descriptor, const struct iovec* parts, int count, off_t offset) {
  if (file_of(descriptor) == 0) return REAL(pwritev)(descriptor, parts, count, offset);
  ssize_t all = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t done = write_at(descriptor, parts[i].iov_base, parts[i].iov_len, offset + all);
    if (done < 0) return all > 0 ? all : done;
    all += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return all;
}

static int resize(int descriptor, off_t size) {
  const uint32_t file = file_of(descriptor);
  pthread_mutex_lock(&lock);
  const uint64_t at = now();
  const int result = (int)syscall(SYS_ftruncate, descriptor, size);
  if (file != 0 && result == 0) put(TRUNCATED, file, at, (uint64_t)size, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int descriptor, off_t size) { return resize(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return resize(descriptor, size); }

/* Room that was reserved reads as zeros: the same as a larger file. */
int posix_fallocate(int descriptor, off_t offset, off_t length) {
  struct stat status;
  if (file_of(descriptor) == 0) return REAL(posix_fallocate)(descriptor, offset, length);
  if (fstat(descriptor, &status) != 0) return errno;
  if (status.st_size >= offset + length) return 0;
  return resize(descriptor, offset + length) == 0 ? 0 : errno;
}
int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
  return posix_fallocate(descriptor, offset, length);
}
int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  if (file_of(descriptor) == 0) return REAL(fallocate)(descriptor, mode, offset, length);
  errno = EOPNOTSUPP; /* callers fall back to what is recorded */
  return -1;
}

static int sync_it(int descriptor, long call) {
  const uint32_t file = file_of(descriptor);
  if (file == 0) return (int)syscall(call, descriptor);
  pthread_mutex_lock(&lock);
  put(SYNC_BEGUN, file, now(), 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  const int result = (int)syscall(call, descriptor);
  pthread_mutex_lock(&lock);
  put(SYNC_ENDED, file, now(), result == 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int descriptor) { return sync_it(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return sync_it(descriptor, SYS_fdatasync); }

int unlink(const char* path) {
  const char* name = name_of(path);
  pthread_mutex_lock(&lock);
  const uint64_t at = now();
  const int result = (int)syscall(SYS_unlink, path);
  if (name != NULL && result == 0) put(UNLINKED, 0, at, 0, name, strlen(name));
  pthread_mutex_unlock(&lock);
  return result;
}

int rename(const char* from, const char* to) {
  char both[4096];
  const char* name = name_of(from);
  const size_t length = name == NULL ? 0 : (size_t)snprintf(both, sizeof both, "%s", name) + 1;
  const char* other = name_of(to);
  pthread_mutex_lock(&lock);
  const uint64_t at = now();
  const int result = (int)syscall(SYS_rename, from, to);
  if (length > 0 && other != NULL && result == 0) {
    const size_t more = (size_t)snprintf(both + length, sizeof both - length, "%s", other);
    put(RENAMED, 0, at, 0, both, length + more);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
