#include "plugins/providers/smtp/session.h"

#include <algorithm>
#include <array>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

// Of one visit, so that a large mail over a fast line leaves the strand to others in between: some
// hundred microseconds of encoding, encryption and system calls.
constexpr std::size_t kWrittenMax = 64 * 1024;
constexpr int kReadsMax = 8;
constexpr std::chrono::seconds kGoodbyePatience{2};

}  // namespace

Session::Session(sdk::Host host, const Settings& settings, const Trust& trust, Owner& owner)
    : host_(host),
      settings_(settings),
      owner_(owner),
      timer_(host, [this] { on_time_up(); }),
      connection_(host, settings.endpoint, trust, *this) {}

void Session::take(std::unique_ptr<Job> job) {
  job_ = std::move(job);
  if (state_ == State::kIdle) {
    begin();
    settle();
    write_some();
  } else if (connection_.open()) {
    arm(settings_.connect_timeout);
  } else {
    give_up("the gateway has no timer for a connection");
  }
}

void Session::on_connected() {
  owner_.on_connect_result(nullptr);
  begin();
  on_ready();
}

void Session::on_connect_failed(const sdk::SendResult& why) {
  owner_.on_connect_result(&why);
  job_->ticket.complete(why);
  close();
}

void Session::begin() {
  state_ = State::kBusy;
  transaction_.emplace(job_->mail, Transaction::Circumstances{
                                       .extensions = connection_.extensions(),
                                       .reset_first = std::exchange(needs_reset_, false),
                                       .own_sender = !settings_.profile.envelope_from.empty()});
  ++mails_;
  arm(settings_.reply_timeout);
}

void Session::on_ready() {
  read_replies();
  settle();
  write_some();
}

void Session::read_replies() {
  std::array<char, 4'096> buffer;
  for (int i = 0; i < kReadsMax && state_ != State::kClosed; ++i) {
    std::size_t count = 0;
    const Connection::Io io = connection_.read(buffer, count);
    if (io == Connection::Io::kLater) return;
    if (io == Connection::Io::kLost) return on_lost();
    replies_.feed({buffer.data(), count});
    while (std::optional<Reply> reply = replies_.next()) {
      on_reply(*reply);
      if (state_ == State::kClosed) return;
    }
    if (replies_.broken()) return give_up("the server does not speak SMTP");
  }
}

void Session::write_some() {
  std::size_t total = 0;
  while (state_ == State::kBusy && total < kWrittenMax) {
    const std::string_view bytes = transaction_->to_write();
    if (bytes.empty()) return connection_.want_write(false);
    std::size_t count = 0;
    const Connection::Io io = connection_.write(bytes, count);
    if (io == Connection::Io::kLost) return on_lost();
    if (io == Connection::Io::kLater) break;
    transaction_->written(count);
    total += count;
    arm(settings_.reply_timeout);
  }
  if (state_ == State::kBusy) connection_.want_write(true);
}

void Session::on_reply(const Reply& reply) {
  if (state_ != State::kBusy) return close();  // 421 while idle, 221 to QUIT
  if (reply.code == 421 && stale()) return hand_back();
  transaction_->on_reply(reply);
  arm(settings_.reply_timeout);
}

void Session::on_lost() {
  if (state_ != State::kBusy) return close();
  if (stale()) return hand_back();
  give_up(transaction_->data_ended() ? "the connection was lost before the server's verdict"
                                     : "the connection was lost before the mail was sent");
}

// The server may close a kept connection at any moment, and then has not seen the mail.
bool Session::stale() const {
  return mails_ > 1 && !job_->repeated && transaction_->untouched() && !transaction_->result();
}

void Session::hand_back() {
  std::unique_ptr<Job> job = std::move(job_);
  job->repeated = true;
  close();
  owner_.on_stale(std::move(job));
}

// Answers the mail under way, if any, with what is true now; the connection is of no further use.
void Session::give_up(std::string_view reason) {
  if (transaction_) {
    transaction_->on_lost(reason);
    settle();
  } else if (job_ != nullptr) {
    job_->ticket.complete(lost(false, reason));
  }
  close();
}

void Session::settle() {
  if (state_ != State::kBusy || !transaction_->over()) return;
  const Transaction::Aftermath aftermath = transaction_->aftermath();
  job_->ticket.complete(*transaction_->result());
  transaction_.reset();
  job_.reset();
  if (aftermath == Transaction::Aftermath::kSpoilt) return close();
  needs_reset_ = aftermath == Transaction::Aftermath::kNeedsReset;
  state_ = State::kIdle;
  connection_.want_write(false);
  if (mails_ >= settings_.mails_per_connection) return leave();
  arm(settings_.idle_timeout);
}

void Session::on_time_up() {
  switch (state_) {
    case State::kConnecting: {
      const sdk::SendResult why = lost(false, "connecting to the server took too long");
      return on_connect_failed(why);
    }
    case State::kBusy:
      return give_up(transaction_->data_ended() ? "no verdict of the server in time"
                                                : "the time was up before the mail was sent");
    case State::kIdle:
      return leave();
    default:
      return close();
  }
}

// RFC 5321 section 4.1.1.10: say QUIT and wait for the reply, for a moment.
void Session::leave() {
  std::size_t count = 0;
  if (connection_.write("QUIT\r\n", count) != Connection::Io::kDone) return close();
  state_ = State::kLeaving;
  arm(kGoodbyePatience);
}

bool Session::cancel(hg_op op, hg_status why) {
  if (job_ == nullptr || job_->ticket.op() != op) return false;
  // The verdict may still come, and is worth more than a guess.
  const bool undecided = transaction_ && transaction_->data_ended() && why != HG_E_DEADLINE;
  if (!undecided) give_up("the gateway stopped waiting");
  return true;
}

void Session::stop() {
  if (state_ == State::kIdle) {
    std::size_t count = 0;
    connection_.write("QUIT\r\n", count);
  }
  give_up("the gateway is stopping");
}

void Session::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.cancel();
  connection_.close();
  transaction_.reset();
  job_.reset();
  owner_.on_closed(*this);
}

// A mail's own deadline comes first where it is nearer.
void Session::arm(std::chrono::nanoseconds patience) {
  sdk::MonoTime when = host_.now() + patience;
  if (job_ != nullptr && job_->deadline != sdk::MonoTime{}) when = std::min(when, job_->deadline);
  timer_.start(when);
}

}  // namespace heliograph::plugins::smtp
