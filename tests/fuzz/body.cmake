pixel_fuzz(NAME body_fuzz DEPS pixel_edge_http)
