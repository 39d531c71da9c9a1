#include "core/plugin/control_thread.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace heliograph::plugin {

struct ControlThread::Worker {
  std::mutex mutex;
  std::condition_variable changed;
  base::Task call;  // set: to be run
  bool running = false;
  bool finish = false;
  std::thread thread;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return finish || call; });
      if (finish) return;
      auto mine = std::exchange(call, nullptr);
      lock.unlock();
      mine();
      mine = nullptr;
      lock.lock();
      running = false;
      changed.notify_all();
    }
  }
};

ControlThread::~ControlThread() {
  if (!worker_) return;
  {
    const std::lock_guard lock(worker_->mutex);
    worker_->finish = true;
  }
  worker_->changed.notify_all();
  worker_->thread.join();
}

bool ControlThread::run(base::Task call, std::chrono::nanoseconds budget) {
  if (!worker_) {
    worker_ = std::make_shared<Worker>();
    // The thread keeps its worker alive: it may outlive this object once it is left behind.
    worker_->thread = std::thread([worker = worker_] { worker->work(); });
  }
  std::unique_lock lock(worker_->mutex);
  worker_->call = std::move(call);
  worker_->running = true;
  worker_->changed.notify_all();
  const auto done = worker_->changed.wait_for(lock, budget, [this] { return !worker_->running; });
  if (done) return true;
  worker_->finish = true;  // should it ever return
  lock.unlock();
  worker_->thread.detach();
  worker_.reset();
  return false;
}

}  // namespace heliograph::plugin
