pixel_fuzz(NAME request_fuzz DEPS pixel_edge_http)
# libFuzzer steers by the branches it sees taken: those of the parser, not only of the target.
if(PIXEL_FUZZ)
  target_compile_options(pixel_edge_http PRIVATE -fsanitize=fuzzer-no-link)
endif()
