// Operation: one call of a port on its way - the work for the engine (or a reader), and the answer
// for the caller's executor.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/ports/executor.h"
#include "core/ports/store.h"

namespace heliograph::store {

// The order within a transaction: results free what begins and accepts need.
enum class OperationKind : std::uint8_t { kResult = 0, kBegin = 1, kAccept = 2 };
inline constexpr std::size_t kOperationKinds = 3;

template <class Context>
class Operation {
 public:
  explicit Operation(ports::Executor& where) : where_(where) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Does the work and keeps its result. Again after a rollback.
  virtual void apply(Context& context) = 0;
  // What apply() came to was rolled back for good: the answer is the one for work not done.
  virtual void fail() = 0;
  // [executor] Hands the result over. Once.
  virtual void complete() = 0;

  ports::Executor& where() const { return where_; }

  std::uint64_t sequence = 0;  // of the call, among all calls
  OperationKind kind = OperationKind::kResult;

 private:
  ports::Executor& where_;
};

template <class Context, class Result, class Work>
class OperationOf final : public Operation<Context> {
 public:
  OperationOf(ports::Executor& where, ports::Done<Result> done, Work work, Result fallback)
      : Operation<Context>(where),
        done_(std::move(done)),
        work_(std::move(work)),
        fallback_(std::move(fallback)) {}

  void apply(Context& context) override { result_.emplace(work_(context)); }
  void fail() override { result_.reset(); }
  void complete() override { done_(result_ ? *std::move(result_) : std::move(fallback_)); }

 private:
  ports::Done<Result> done_;
  Work work_;
  Result fallback_;
  std::optional<Result> result_;  // of work that is done
};

template <class Context>
using OperationPtr = std::unique_ptr<Operation<Context>>;

class Engine;
struct Queries;
using Write = OperationPtr<Engine>;
using Read = OperationPtr<Queries>;

// Posts the results of one transaction: one task for each executor, each in the order of the calls.
void post_results(std::vector<Write> operations);
void post_result(Read operation);

}  // namespace heliograph::store
