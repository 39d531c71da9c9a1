#include "plugins/limiters/redis/connection.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace heliograph::plugins::redis {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kBackoffMin{50};
// Short: while Redis is back and one gateway has not noticed, that one grants from its share.
constexpr milliseconds kBackoffMax{1'000};

bool is_error(const redisReply* reply, std::string_view code) {
  return reply != nullptr && reply->type == REDIS_REPLY_ERROR &&
         std::string_view(reply->str, static_cast<std::size_t>(reply->len)).starts_with(code);
}

std::string text_of(const redisReply* reply) {
  const bool text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
                    reply->type == REDIS_REPLY_ERROR || reply->type == 14;  // verbatim
  return text ? std::string(reply->str, static_cast<std::size_t>(reply->len)) : std::string();
}

}  // namespace

// One command on its way.
struct Connection::Call {
  Connection* owner;
  Words words;
  OnReply done;
  std::optional<Script> script{};  // to be sent in full when the server has forgotten it
};

// What hiredis calls.
struct Connection::Hooks {
  static Connection& of(void* data) { return *static_cast<Connection*>(data); }
  static Connection& of(const redisAsyncContext* context) { return of(context->ev.data); }

  static void add_read(void* data) { of(data).set_interest(of(data).interest_ | HG_FD_READ); }
  static void del_read(void* data) { of(data).set_interest(of(data).interest_ & ~HG_FD_READ); }
  static void add_write(void* data) {
    if (!of(data).queueing_) of(data).set_interest(of(data).interest_ | HG_FD_WRITE);
  }
  static void del_write(void* data) { of(data).set_interest(of(data).interest_ & ~HG_FD_WRITE); }
  // Last but one before hiredis closes the descriptor.
  static void cleanup(void* data) {
    of(data).watch_.close();
    of(data).context_ = nullptr;
  }
  static void connected(const redisAsyncContext* context, int status) {
    if (status == REDIS_OK) return of(context).greet();
    of(context).lost(context->errstr);
  }
  static void disconnected(const redisAsyncContext* context, int status) {
    of(context).lost(status == REDIS_OK ? "disconnected" : context->errstr);
  }
  static void reply(redisAsyncContext*, void* reply, void* call) {
    Call* const mine = static_cast<Call*>(call);
    mine->owner->host_.guard("an answer of Redis", [&] {
      mine->owner->answered(mine, static_cast<const redisReply*>(reply));
    });
  }
};

Connection::Connection(sdk::Host host, const Settings& settings, OnChange on_change)
    : host_(host),
      settings_(settings),
      on_change_(std::move(on_change)),
      watch_(host, [this](std::uint32_t ready) { on_fd(ready); }),
      connect_timer_(host, [this] { drop("no connection within connect_timeout"); }),
      retry_timer_(host, [this] { open(); }),
      answer_timer_(host, [this] { watch_answers(); }),
      resolver_(host),
      greeting_(greeting(settings.url)),
      backoff_(kBackoffMin) {}

Connection::~Connection() { close(); }

std::string Connection::address() const {
  return settings_.url.host + ":" + std::to_string(settings_.url.port);
}

// ---- up and down ----

void Connection::open() {
  state_ = State::kConnecting;
  connect_timer_.start(host_.now() + settings_.connect_timeout);
  resolver_.find(settings_.url.host, [this](const std::string& found, const std::string& error) {
    connect_to(found, error);
  });
}

void Connection::connect_to(const std::string& address, const std::string& error) {
  if (address.empty()) return lost("the host's name has no address: " + error);
  context_ = redisAsyncConnect(address.c_str(), settings_.url.port);
  if (context_ == nullptr || context_->err != 0) {
    const std::string why = context_ == nullptr ? "no memory" : context_->errstr;
    if (context_ != nullptr) redisAsyncFree(std::exchange(context_, nullptr));
    return lost(why);
  }
  interest_ = HG_FD_WRITE;
  if (watch_.open(context_->c.fd, interest_) != HG_OK) return drop("its socket cannot be watched");
  context_->ev.data = this;
  context_->ev.addRead = &Hooks::add_read;
  context_->ev.delRead = &Hooks::del_read;
  context_->ev.addWrite = &Hooks::add_write;
  context_->ev.delWrite = &Hooks::del_write;
  context_->ev.cleanup = &Hooks::cleanup;
  redisAsyncSetConnectCallback(context_, &Hooks::connected);
  redisAsyncSetDisconnectCallback(context_, &Hooks::disconnected);
}

void Connection::greet() {
  state_ = State::kGreeting;
  greetings_owed_ = greeting_.size();
  for (std::size_t i = 0; i < greeting_.size(); ++i) {
    auto done = [this, i](const redisReply* reply) { on_greeted(i, reply); };
    send(new Call{this, greeting_[i], std::move(done)});
  }
}

void Connection::on_greeted(std::size_t position, const redisReply* reply) {
  if (reply == nullptr || state_ != State::kGreeting) return;
  if (reply->type == REDIS_REPLY_ERROR) {
    // The command's first word only: the others hold the password.
    return drop(greeting_[position].front() + " was refused: " + text_of(reply));
  }
  const std::size_t first_script = greeting_.size() - kScripts;
  if (position + 1 == first_script) run_id_ = run_id_of(text_of(reply));
  if (position >= first_script) shas_[position - first_script] = text_of(reply);
  if (--greetings_owed_ > 0) return;
  connect_timer_.cancel();
  state_ = State::kReady;
  backoff_ = kBackoffMin;
  last_problem_.clear();
  host_.info("connected to Redis", {{"address", address()}});
  on_change_(true);
}

void Connection::close() {
  state_ = State::kClosed;
  resolver_.forget();
  connect_timer_.cancel();
  retry_timer_.cancel();
  answer_timer_.cancel();
  if (context_ != nullptr) redisAsyncFree(context_);
}

void Connection::drop(const std::string& reason) {
  lost(reason);
  // Answers what is owed; inside a reply's callback hiredis does it right after.
  if (context_ != nullptr) redisAsyncFree(context_);
}

void Connection::lost(const std::string& reason) {
  if (state_ == State::kClosed || state_ == State::kWaiting) return;
  state_ = State::kWaiting;
  resolver_.forget();
  connect_timer_.cancel();
  if (reason != last_problem_) {
    host_.warn("Redis is away: limiter.on_failure decides",
               {{"address", address()}, {"reason", reason}});
  }
  last_problem_ = reason;
  const auto now = host_.now();
  // Between 75 and 100 %, so that gateways do not come back in step.
  const auto jitter = backoff_ / 4 * (now.time_since_epoch().count() % 1'000) / 1'000;
  retry_timer_.start(now + backoff_ - jitter);
  backoff_ = std::min<nanoseconds>(backoff_ * 2, kBackoffMax);
  on_change_(false);
}

// ---- commands ----

bool Connection::run(Script script, std::size_t keys, Words keys_and_args, OnReply done) {
  if (!ready()) return false;
  Words words{"EVALSHA", shas_[static_cast<std::size_t>(script)], std::to_string(keys)};
  words.insert(words.end(), std::make_move_iterator(keys_and_args.begin()),
               std::make_move_iterator(keys_and_args.end()));
  return send(new Call{this, std::move(words), std::move(done), script});
}

bool Connection::send(Call* call) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const std::string& word : call->words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  queueing_ = state_ == State::kReady;
  const int status = context_ == nullptr ? REDIS_ERR
                                         : redisAsyncCommandArgv(context_, &Hooks::reply, call,
                                                                 static_cast<int>(texts.size()),
                                                                 texts.data(), lengths.data());
  queueing_ = false;
  if (status != REDIS_OK) {
    delete call;
    return false;
  }
  sent_at_.push_back(host_.now());
  if (!answer_timer_.running()) answer_timer_.start(sent_at_.front() + settings_.command_timeout);
  return true;
}

void Connection::flush() {
  if (ready() && context_ != nullptr) redisAsyncHandleWrite(context_);
}

void Connection::remove(const std::string& key) {
  if (!ready()) return;
  send(new Call{this, {"DEL", key}, [](const redisReply*) {}});
  flush();
}

void Connection::answered(Call* call, const redisReply* reply) {
  std::unique_ptr<Call> mine(call);
  if (!sent_at_.empty()) sent_at_.pop_front();
  if (mine->script && is_error(reply, "NOSCRIPT") && ready()) {
    mine->words[0] = "EVAL";
    mine->words[1] = redis::text_of(*mine->script);
    mine->script.reset();
    const OnReply done = mine->done;
    if (send(mine.release())) return flush();
    return done(nullptr);
  }
  mine->done(reply);
}

void Connection::watch_answers() {
  if (sent_at_.empty()) return;
  const auto due = sent_at_.front() + settings_.command_timeout;
  if (host_.now() >= due) return drop("no answer within command_timeout");
  answer_timer_.start(due);
}

void Connection::on_fd(std::uint32_t ready) {
  if (context_ != nullptr && (ready & (HG_FD_READ | HG_FD_ERROR)) != 0) {
    redisAsyncHandleRead(context_);
  }
  if (context_ != nullptr && (ready & HG_FD_WRITE) != 0 && (interest_ & HG_FD_WRITE) != 0) {
    redisAsyncHandleWrite(context_);
  }
}

void Connection::set_interest(std::uint32_t interest) {
  if (interest == interest_) return;
  interest_ = interest;
  watch_.set_interest(interest);
}

}  // namespace heliograph::plugins::redis
