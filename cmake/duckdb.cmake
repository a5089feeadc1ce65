# placeholder until the fetch script lands
add_library(pixel_duckdb INTERFACE)
