/* The whole core of the ABI. Start reading at base.h; extensions are in ext/ and included one by
 * one. */
#ifndef HG_ABI_ABI_H
#define HG_ABI_ABI_H

#include <heliograph/abi/base.h>
#include <heliograph/abi/distributor.h>
#include <heliograph/abi/host.h>
#include <heliograph/abi/lifecycle.h>
#include <heliograph/abi/limiter.h>
#include <heliograph/abi/module.h>
#include <heliograph/abi/provider.h>

#endif
