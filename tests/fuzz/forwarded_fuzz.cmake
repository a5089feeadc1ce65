pixel_fuzz(NAME forwarded_fuzz DEPS pixel_edge_client)
