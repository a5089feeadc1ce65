pixel_fuzz(NAME request_fuzz DEPS pixel_edge_http)
