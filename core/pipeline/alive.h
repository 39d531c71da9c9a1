// Alive: keeps a completion that arrives after its receiver is gone from being run. The pipeline
// hands callbacks to a store and a limiter that may outlive it; each is wrapped so that it does
// nothing once the Alive it was wrapped with is destroyed. The wrapped functions run on the thread
// that destroys it; wrapping and watching may happen on any.
#pragma once

#include <memory>
#include <utility>

namespace heliograph::pipeline {

class Alive {
 public:
  template <class F>
  auto guard(F function) const {
    return [alive = std::weak_ptr<char>(token_),
            function = std::move(function)](auto&&... arguments) mutable {
      if (!alive.expired()) function(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  std::weak_ptr<char> watch() const { return token_; }

 private:
  std::shared_ptr<char> token_ = std::make_shared<char>();
};

}  // namespace heliograph::pipeline
