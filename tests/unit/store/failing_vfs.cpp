#include "tests/unit/store/failing_vfs.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstring>
#include <new>

namespace heliograph::store {

std::atomic<bool> FailingVfs::fail_sync{false};
std::atomic<bool> FailingVfs::disk_full{false};
std::atomic<bool> FailingVfs::damage_reads{false};
std::atomic<int> FailingVfs::syncs{0};
std::atomic<int> FailingVfs::writes{0};

namespace {

// An open file: ours in front, the real one's state right behind it.
struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

sqlite3_vfs* g_real = nullptr;
sqlite3_vfs g_vfs;
sqlite3_io_methods g_methods;

sqlite3_file* real(sqlite3_file* file) {
  void* self = file;
  return static_cast<File*>(self)->real;
}

int sync_file(sqlite3_file* file, int flags) {
  ++FailingVfs::syncs;
  if (FailingVfs::fail_sync) return SQLITE_IOERR_FSYNC;
  return real(file)->pMethods->xSync(real(file), flags);
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  ++FailingVfs::writes;
  if (FailingVfs::disk_full) return SQLITE_FULL;
  return real(file)->pMethods->xWrite(real(file), data, size, offset);
}

int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  const int code = real(file)->pMethods->xRead(real(file), data, size, offset);
  constexpr int kPage = 4096;
  if (FailingVfs::damage_reads && size == kPage) std::memset(data, 0x5A, kPage);
  return code;
}

// Everything else is handed on as it is.
template <auto Method, class... Args>
auto pass(sqlite3_file* file, Args... args) {
  return (real(file)->pMethods->*Method)(real(file), args...);
}

void unfetch_nothing(sqlite3_io_methods& methods) {
  methods.xFetch = [](sqlite3_file*, sqlite3_int64, int, void** out) {
    *out = nullptr;
    return SQLITE_OK;
  };
  methods.xUnfetch = [](sqlite3_file*, sqlite3_int64, void*) { return SQLITE_OK; };
}

void fill_methods() {
  using M = sqlite3_io_methods;
  g_methods = {};
  g_methods.iVersion = 3;
  g_methods.xClose = [](sqlite3_file* f) { return pass<&M::xClose>(f); };
  g_methods.xRead = read_file;
  g_methods.xWrite = write_file;
  g_methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return pass<&M::xTruncate>(f, n); };
  g_methods.xSync = sync_file;
  g_methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) { return pass<&M::xFileSize>(f, n); };
  g_methods.xLock = [](sqlite3_file* f, int n) { return pass<&M::xLock>(f, n); };
  g_methods.xUnlock = [](sqlite3_file* f, int n) { return pass<&M::xUnlock>(f, n); };
  g_methods.xCheckReservedLock = [](sqlite3_file* f, int* n) {
    return pass<&M::xCheckReservedLock>(f, n);
  };
  g_methods.xFileControl = [](sqlite3_file* f, int op, void* arg) {
    return pass<&M::xFileControl>(f, op, arg);
  };
  g_methods.xSectorSize = [](sqlite3_file* f) { return pass<&M::xSectorSize>(f); };
  g_methods.xDeviceCharacteristics = [](sqlite3_file* f) {
    return pass<&M::xDeviceCharacteristics>(f);
  };
  g_methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return pass<&M::xShmMap>(f, page, size, extend, out);
  };
  g_methods.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
    return pass<&M::xShmLock>(f, offset, n, flags);
  };
  g_methods.xShmBarrier = [](sqlite3_file* f) { pass<&M::xShmBarrier>(f); };
  g_methods.xShmUnmap = [](sqlite3_file* f, int remove) { return pass<&M::xShmUnmap>(f, remove); };
  unfetch_nothing(g_methods);
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  void* place = file;
  File* ours = new (place) File{};
  void* behind = static_cast<std::byte*>(place) + sizeof(File);
  ours->real = static_cast<sqlite3_file*>(behind);
  const int code = g_real->xOpen(g_real, name, ours->real, flags, out);
  ours->base.pMethods = ours->real->pMethods != nullptr ? &g_methods : nullptr;
  return code;
}

}  // namespace

FailingVfs::FailingVfs() {
  g_real = sqlite3_vfs_find(nullptr);
  fill_methods();
  g_vfs = *g_real;
  g_vfs.zName = "failing";
  g_vfs.szOsFile = g_real->szOsFile + static_cast<int>(sizeof(File));
  g_vfs.xOpen = open_file;
  g_vfs.pNext = nullptr;
  fail_sync = false;
  disk_full = false;
  damage_reads = false;
  sqlite3_vfs_register(&g_vfs, 1);
}

FailingVfs::~FailingVfs() {
  fail_sync = false;
  disk_full = false;
  damage_reads = false;
  sqlite3_vfs_unregister(&g_vfs);
  sqlite3_vfs_register(g_real, 1);
}

}  // namespace heliograph::store
