// MetricsSource: the text of GET /metrics, which app makes of what the parts count and are.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/unique_function.h"
#include "core/ports/executor.h"

namespace heliograph::api {

// One scrape. On the executor it was begun with.
class MetricsScrape {
 public:
  virtual ~MetricsScrape() = default;
  // Of all that has answered so far; what has not is left out, and said to be.
  virtual std::string text() = 0;
};

class MetricsSource {
 public:
  virtual ~MetricsSource() = default;
  // [any thread] Asks the parts; `complete` is called on `where` when all have answered, which one
  // that hangs never does.
  virtual std::shared_ptr<MetricsScrape> begin(ports::Executor& where, base::Task complete) = 0;
  virtual std::string_view content_type() const = 0;
};

}  // namespace heliograph::api
