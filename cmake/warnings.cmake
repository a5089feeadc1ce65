# Warnings are errors, for every target of ours; link `pixel_warnings` to get them.
add_library(pixel_warnings INTERFACE)
target_compile_options(pixel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -Wimplicit-fallthrough
  -Wformat=2)
# g++ 12 reports false positives in inlined standard library code for these two.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(pixel_warnings INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
    -Wno-stringop-overread)
endif()
