// LockFile: keeps a second process (and a second store in this one) away from a database.
#pragma once

#include <string>

namespace heliograph::store {

class LockFile {
 public:
  // Takes an exclusive lock on `path`, which is created (0600) and stays: removing it would let two
  // owners lock two files of one name. Throws StoreLocked, naming the owner's process if it is
  // known, or StoreUnusable.
  explicit LockFile(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  int file_ = -1;
};

}  // namespace heliograph::store
