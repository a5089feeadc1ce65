pixel_fuzz(NAME proxy_header_fuzz DEPS pixel_edge_client)
