# The other parser is a package of the distribution; without it there is nothing to compare with.
find_library(PIXEL_HTTP_PARSER http_parser)
if(PIXEL_HTTP_PARSER)
  pixel_fuzz(NAME request_differential_fuzz DEPS pixel_edge_http ${PIXEL_HTTP_PARSER})
else()
  message(STATUS "libhttp-parser-dev is missing: no differential fuzzing of requests")
endif()
