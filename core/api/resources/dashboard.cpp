// GET / and its files: the operators' page, where the admin routes are. It shows nothing by itself:
// what it shows it asks the admin routes for, with the key that its user gives it.
#include <algorithm>
#include <array>

#include "core/api/documents.h"
#include "core/api/endpoint.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";

struct Asset {
  std::string_view path;  // below /dashboard/
  std::string_view content_type;
};
constexpr std::array<Asset, 8> kAssets{{
    {"dashboard.css", "text/css; charset=utf-8"},
    {"dashboard.js", kScript},
    {"gateway.js", kScript},
    {"elements.js", kScript},
    {"charts.js", kScript},
    {"overview.js", kScript},
    {"messages.js", kScript},
    {"plugins.js", kScript},
}};

// Its own files and the gateway it comes from; data: is the empty icon.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Response embedded(const Call& call, std::string_view name, std::string_view content_type) {
  const EmbeddedFile* file = find_embedded_file(name);
  if (file == nullptr) return http::problem_response(404, "There is no such file.");
  return document_response(*file, content_type, call.request);
}

boost::asio::awaitable<http::Response> get_page(Call& call) {
  http::Response response = embedded(call, "dashboard.html", "text/html; charset=utf-8");
  response.headers.emplace_back("Content-Security-Policy", kPagePolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  co_return response;
}

boost::asio::awaitable<http::Response> get_asset(Call& call) {
  const std::string_view path = call.request.param("asset");
  const auto* asset = std::ranges::find(kAssets, path, &Asset::path);
  if (asset == kAssets.end()) co_return http::problem_response(404, "There is no such file.");
  co_return embedded(call, asset->path, asset->content_type);
}

}  // namespace

void add_dashboard(Routes& routes) {
  routes.console("/", get_page);
  routes.console("/dashboard/{asset}", get_asset);
}

}  // namespace heliograph::api
