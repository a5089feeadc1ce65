# One folder, one static library. Its sources are the folder's own *.cc (main.cc left out): a file
# that lies in a folder is part of it, and no list can forget one.

# pixel_component(NAME <target> [DEPS ...]): the folder it is called from.
function(pixel_component)
  cmake_parse_arguments(ARG "" "NAME" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${ARG_NAME} STATIC ${sources})
    target_include_directories(${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${ARG_NAME} PUBLIC pixel_sanitizers ${ARG_DEPS} PRIVATE pixel_warnings)
  else()
    add_library(${ARG_NAME} INTERFACE)
    target_include_directories(${ARG_NAME} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${ARG_NAME} INTERFACE pixel_sanitizers ${ARG_DEPS})
  endif()
endfunction()

# pixel_program(NAME <binary> [SOURCES main.cc] DEPS ...): an executable in build/<preset>/bin.
function(pixel_program)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES main.cc)
  endif()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_compile_definitions(${ARG_NAME} PRIVATE PIXEL_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} pixel_warnings pixel_sanitizers)
endfunction()

# pixel_test(NAME <test> [DIR tests/unit/x] DEPS ... [LABELS ...]): every *_test.cc of the folder in
# one GoogleTest program and one ctest entry.
function(pixel_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "DEPS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${ARG_NAME} ${sources})
  target_link_libraries(${ARG_NAME} PRIVATE
    ${ARG_DEPS} GTest::gtest GTest::gtest_main GTest::gmock pixel_warnings pixel_sanitizers)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(PIXEL_SANITIZE STREQUAL "thread")
    set_tests_properties(${ARG_NAME} PROPERTIES ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
  endif()
endfunction()

# pixel_fuzz(NAME <target> DEPS ...): <target>.cc beside the call. With PIXEL_FUZZ a libFuzzer
# program; always a smoke test that replays corpus/<target> and mutates it for a moment.
function(pixel_fuzz)
  cmake_parse_arguments(ARG "" "NAME" "DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_NAME}.cc)
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} pixel_warnings pixel_sanitizers)
  if(PIXEL_FUZZ)
    target_compile_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
    target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
    set(smoke -runs=20000 -max_len=4096)
  else()
    target_sources(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/standalone_driver.cc)
    set(smoke)
  endif()
  add_test(NAME ${ARG_NAME}
    COMMAND ${ARG_NAME} ${smoke} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${ARG_NAME})
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS fuzz TIMEOUT 60)
endfunction()
