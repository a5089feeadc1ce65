// SPDX-License-Identifier: Apache-2.0
// libpq, loaded when it is first needed, like libcurl and for the same reason (curl_library.h): the
// two need much the same libraries. COLD.
#pragma once

#include <libpq-fe.h>

#include "base/late_library.h"

namespace pixel::shipper {

/// Loaded by who reads a DSN or connects. REQUIRES (of all calls): that has succeeded once.
inline constinit base::LateLibrary postgres_library("libpq.so.5");

// A macro, so that each name is said once instead of three times.
#define PIXEL_PQ_FUNCTION(name) \
  inline constinit const base::LateFunction<decltype(::name)> name(postgres_library, #name)

PIXEL_PQ_FUNCTION(PQclear);
PIXEL_PQ_FUNCTION(PQcmdTuples);
PIXEL_PQ_FUNCTION(PQconnectdbParams);
PIXEL_PQ_FUNCTION(PQconninfoFree);
PIXEL_PQ_FUNCTION(PQconninfoParse);
PIXEL_PQ_FUNCTION(PQconsumeInput);
PIXEL_PQ_FUNCTION(PQerrorMessage);
PIXEL_PQ_FUNCTION(PQfinish);
PIXEL_PQ_FUNCTION(PQflush);
PIXEL_PQ_FUNCTION(PQfname);
PIXEL_PQ_FUNCTION(PQfreemem);
PIXEL_PQ_FUNCTION(PQftype);
PIXEL_PQ_FUNCTION(PQgetResult);
PIXEL_PQ_FUNCTION(PQgetisnull);
PIXEL_PQ_FUNCTION(PQgetlength);
PIXEL_PQ_FUNCTION(PQgetvalue);
PIXEL_PQ_FUNCTION(PQisBusy);
PIXEL_PQ_FUNCTION(PQnfields);
PIXEL_PQ_FUNCTION(PQntuples);
PIXEL_PQ_FUNCTION(PQputCopyData);
PIXEL_PQ_FUNCTION(PQputCopyEnd);
PIXEL_PQ_FUNCTION(PQresultErrorField);
PIXEL_PQ_FUNCTION(PQresultErrorMessage);
PIXEL_PQ_FUNCTION(PQresultStatus);
PIXEL_PQ_FUNCTION(PQsendQuery);
PIXEL_PQ_FUNCTION(PQsendQueryParams);
PIXEL_PQ_FUNCTION(PQserverVersion);
PIXEL_PQ_FUNCTION(PQsetNoticeProcessor);
PIXEL_PQ_FUNCTION(PQsetnonblocking);
PIXEL_PQ_FUNCTION(PQsocket);
PIXEL_PQ_FUNCTION(PQstatus);

#undef PIXEL_PQ_FUNCTION

}  // namespace pixel::shipper
