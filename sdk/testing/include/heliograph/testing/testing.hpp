// The fake host for unit tests of plugins, whole. Start at fake_host.hpp.
#pragma once

#include <heliograph/testing/driver.hpp>
#include <heliograph/testing/fake_host.hpp>
#include <heliograph/testing/instance.hpp>
#include <heliograph/testing/plugin.hpp>
#include <heliograph/testing/value.hpp>
