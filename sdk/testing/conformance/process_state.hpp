// What a plugin could change of the process around it. Internal to the kit.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace heliograph::sdk::conformance {

// Things that can be used up.
struct Usage {
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::size_t heap_bytes = 0;  // in use by malloc(); 0 under a sanitizer
  std::size_t resident_bytes = 0;
};
Usage usage();

// Open descriptors, as "number -> what /proc says".
std::map<int, std::string> descriptors();
// Ids of the threads of this process, with their names.
std::map<int, std::string> threads();

// Things that belong to the process as a whole, as "name -> state in words": signal handlers, the
// calling thread's signal mask, and all of environment().
std::map<std::string, std::string> signals();
// Environment, working directory, locale, umask.
std::map<std::string, std::string> environment();

// The first difference in words, "" for none: "umask was 22 and is 77".
std::string difference(const std::map<std::string, std::string>& before,
                       const std::map<std::string, std::string>& after);

// While it lives, standard output and error go to a file; written() is what came.
class OutputTrap {
 public:
  OutputTrap();
  ~OutputTrap();
  OutputTrap(const OutputTrap&) = delete;
  OutputTrap& operator=(const OutputTrap&) = delete;
  std::string written() const;

 private:
  int file_;
  int saved_[2];
};

}  // namespace heliograph::sdk::conformance
