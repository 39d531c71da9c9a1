#include "core/store/sqlite/batch_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace heliograph::store {
namespace {

struct Encoder {
  std::string& out;

  void operator()(const ports::Accepted& accepted) const {
    fmt::format_to(std::back_inserter(out), "A{},{},{}\n", accepted.id.row(), accepted.id.random(),
                   static_cast<int>(accepted.status));
  }
  void operator()(const ports::InsufficientCredit& lack) const {
    fmt::format_to(std::back_inserter(out), "C{}\n", lack.required_cents);
  }
  void operator()(const ports::OptedOut&) const { out += "R\n"; }
  void operator()(const ports::Overloaded& overloaded) const {
    text('O', overloaded.retry_after.count(), overloaded.reason);
  }
  void operator()(const ports::NotSubmitted& item) const {
    text('N', item.retry_after.count(), item.answer);
  }

 private:
  void text(char kind, std::int64_t number, std::string_view words) const {
    fmt::format_to(std::back_inserter(out), "{}{},{},{}\n", kind, number, words.size(), words);
  }
};

class Decoder {
 public:
  explicit Decoder(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  std::optional<ports::BatchItemResult> item() {
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    switch (kind) {
      case 'A':
        return accepted();
      case 'C':
        return credit();
      case 'R':
        return opted_out();
      case 'O':
      case 'N':
        return worded(kind);
      default:
        return std::nullopt;
    }
  }

 private:
  template <class Number>
  bool number(Number& value, char end) {
    const char* const last = rest_.data() + rest_.size();
    const auto [stop, error] = std::from_chars(rest_.data(), last, value);
    if (error != std::errc() || stop == last || *stop != end) return false;
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()) + 1);
    return true;
  }

  std::optional<ports::BatchItemResult> accepted() {
    std::int64_t row = 0;
    std::uint64_t random = 0;
    int status = 0;
    if (!number(row, ',') || !number(random, ',') || !number(status, '\n')) return std::nullopt;
    return ports::Accepted{.id = model::MessageId::from_parts(row, random),
                           .status = static_cast<model::Status>(status)};
  }

  std::optional<ports::BatchItemResult> credit() {
    ports::InsufficientCredit lack;
    if (!number(lack.required_cents, '\n')) return std::nullopt;
    return lack;
  }

  std::optional<ports::BatchItemResult> opted_out() {
    if (!rest_.starts_with('\n')) return std::nullopt;
    rest_.remove_prefix(1);
    return ports::OptedOut{};
  }

  std::optional<ports::BatchItemResult> worded(char kind) {
    std::int64_t value = 0;
    std::size_t size = 0;
    if (!number(value, ',') || !number(size, ',')) return std::nullopt;
    if (size >= rest_.size() || rest_[size] != '\n') return std::nullopt;
    std::string words(rest_.substr(0, size));
    rest_.remove_prefix(size + 1);
    if (kind == 'O') return ports::Overloaded{std::move(words), std::chrono::seconds{value}};
    return ports::NotSubmitted{std::move(words), std::chrono::milliseconds{value}};
  }

  std::string_view rest_;
};

}  // namespace

std::string encode_batch_answer(const std::vector<ports::BatchItemResult>& items) {
  std::string text;
  text.reserve(items.size() * 48);
  for (const ports::BatchItemResult& item : items) std::visit(Encoder{text}, item);
  return text;
}

std::optional<std::vector<ports::BatchItemResult>> decode_batch_answer(std::string_view text) {
  std::vector<ports::BatchItemResult> items;
  Decoder decoder(text);
  while (!decoder.done()) {
    auto item = decoder.item();
    if (!item) return std::nullopt;
    items.push_back(*std::move(item));
  }
  return items;
}

}  // namespace heliograph::store
