// SPDX-License-Identifier: Apache-2.0
// Target forms other than "/path", and what may name a host (RFC 9112 section 3.2). Seldom run, but
// on the worker's thread: no allocation. Pure.
#pragma once

#include <string_view>

#include "edge/http/request_view.h"

namespace pixel::edge {

/// Takes any target, though "/path" needs it only for CONNECT. Absolute form ("http://host/path";
/// also https) becomes its path, query and host; an empty path is "/". "*" and "host:port" stay as
/// they are for the method that has them (OPTIONS, CONNECT: answered by method). False: a form we
/// do not serve; the request is unchanged.
bool resolve_target_form(RequestView& request) noexcept;

/// uri-host [ ":" port ] (RFC 9110 section 7.2), where the host may be empty; no userinfo.
bool is_valid_host(std::string_view text) noexcept;

/// Whether `text` is `lower_case`, which has no capital letter, in any case.
bool equals_ignoring_case(std::string_view text, std::string_view lower_case) noexcept;

}  // namespace pixel::edge
