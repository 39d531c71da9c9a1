#include "core/api/documents.h"

#include <algorithm>
#include <span>
#include <vector>

#include "core/base/text.h"
#include "core/http/digest.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// No inline script, no inline style, no eval; data: are the pages' own small pictures.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Calls `visit` for each member of a comma-separated list, without blanks, until it returns true.
template <class Visit>
bool any_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (visit(base::trim(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// "q=0", "q=0.000": not at all.
bool is_refused(std::string_view parameters) {
  const std::size_t equals = parameters.find('=');
  if (equals == std::string_view::npos) return false;
  return base::trim(parameters.substr(equals + 1)).find_first_not_of("0.") ==
         std::string_view::npos;
}

// Of the content, so that the same build gives the same; weighed once for each file and form.
std::string entity_tag(std::string_view content, bool gzip) {
  constexpr std::size_t kBytes = 12;  // 96 bits: no two documents of ours will meet
  const auto digest = http::sha256(content);
  const std::string hex = base::to_hex(std::as_bytes(std::span(digest).first(kBytes)));
  return '"' + hex + (gzip ? "-gz\"" : "\"");
}

struct Tags {
  std::string plain;
  std::string gzip;
};

const Tags& tags_of(const EmbeddedFile& file) {
  static const std::vector<Tags> all = [] {
    std::vector<Tags> made;
    for (const EmbeddedFile& each : embedded_files()) {
      made.push_back({entity_tag(each.plain, false), entity_tag(each.plain, true)});
    }
    return made;
  }();
  return all[static_cast<std::size_t>(&file - embedded_files().data())];
}

// RFC 9110, 13.1.2: compared weakly.
bool has_it(const http::Request& request, std::string_view tag) {
  const auto field = request.header("if-none-match");
  return field && any_member(*field, [&](std::string_view member) {
           if (member.starts_with("W/")) member.remove_prefix(2);
           return member == "*" || member == tag;
         });
}

}  // namespace

const EmbeddedFile* find_embedded_file(std::string_view name) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, name, &EmbeddedFile::name);
  return found == files.end() ? nullptr : &*found;
}

bool accepts_gzip(std::optional<std::string_view> accept_encoding) {
  if (!accept_encoding) return false;
  std::optional<bool> named;
  std::optional<bool> any;
  any_member(*accept_encoding, [&](std::string_view member) {
    const std::size_t semicolon = std::min(member.find(';'), member.size());
    const std::string_view coding = base::trim(member.substr(0, semicolon));
    const bool taken = !is_refused(member.substr(semicolon));
    if (base::equals_ignore_case(coding, "gzip")) named = taken;
    if (coding == "*") any = taken;
    return false;
  });
  return named.value_or(any.value_or(false));
}

http::Response document_response(const EmbeddedFile& file, std::string_view content_type,
                                 const http::Request& request) {
  const bool gzip = accepts_gzip(request.header("accept-encoding"));
  const Tags& tags = tags_of(file);
  const std::string& tag = gzip ? tags.gzip : tags.plain;
  http::Response response;
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "public, no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (has_it(request, tag)) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type;
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = gzip ? file.gzip : file.plain;
  return response;
}

http::Response embedded_document(std::string_view name, std::string_view content_type,
                                 const http::Request& request) {
  const EmbeddedFile* file = find_embedded_file(name);
  if (file == nullptr) return http::problem_response(404, "There is no such file.");
  return document_response(*file, content_type, request);
}

http::Response embedded_page(std::string_view name, const http::Request& request) {
  http::Response response = embedded_document(name, "text/html; charset=utf-8", request);
  response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

http::Response page_asset(std::span<const PageAsset> assets, const http::Request& request) {
  const std::string_view name = request.param("asset");
  const auto asset = std::ranges::find(assets, name, &PageAsset::name);
  if (asset == assets.end()) return http::problem_response(404, "There is no such file.");
  return embedded_document(asset->name, asset->content_type, request);
}

}  // namespace heliograph::api
