// GET / and its files: the operators' page, where the admin routes are. It shows nothing by itself:
// what it shows it asks the admin routes for, with the key that its user gives it.
#include <array>

#include "core/api/documents.h"
#include "core/api/endpoint.h"

namespace heliograph::api {
namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";

constexpr std::array<PageAsset, 8> kAssets{{
    {"dashboard.css", "text/css; charset=utf-8"},
    {"dashboard.js", kScript},
    {"gateway.js", kScript},
    {"elements.js", kScript},
    {"charts.js", kScript},
    {"overview.js", kScript},
    {"messages.js", kScript},
    {"plugins.js", kScript},
}};

boost::asio::awaitable<http::Response> get_page(Call& call) {
  co_return embedded_page("dashboard.html", call.request);
}

boost::asio::awaitable<http::Response> get_asset(Call& call) {
  co_return page_asset(kAssets, call.request);
}

}  // namespace

void add_dashboard(Routes& routes) {
  routes.console("/", get_page);
  routes.console("/dashboard/{asset}", get_asset);
}

}  // namespace heliograph::api
