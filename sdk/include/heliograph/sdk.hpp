// The C++20 helper layer over the plugin ABI, whole. Header only.
//
// A plugin is a class and one line (plugin.hpp); the glue makes descriptors and vtables, catches
// every exception at the border, and makes sure that each send is answered exactly once. Where to
// read: lifecycle.hpp, then provider.hpp, distributor.hpp or limiter.hpp, then host.hpp.
#pragma once

#include <heliograph/config.hpp>
#include <heliograph/distributor.hpp>
#include <heliograph/events.hpp>
#include <heliograph/fd.hpp>
#include <heliograph/host.hpp>
#include <heliograph/http.hpp>
#include <heliograph/http_outcome.hpp>
#include <heliograph/ingress.hpp>
#include <heliograph/json.hpp>
#include <heliograph/lifecycle.hpp>
#include <heliograph/limiter.hpp>
#include <heliograph/message.hpp>
#include <heliograph/plugin.hpp>
#include <heliograph/provider.hpp>
#include <heliograph/send_result.hpp>
#include <heliograph/shared_window.hpp>
#include <heliograph/text.hpp>
#include <heliograph/time.hpp>
#include <heliograph/timer.hpp>
