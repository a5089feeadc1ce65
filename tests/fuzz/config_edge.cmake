pixel_fuzz(NAME config_edge_fuzz DEPS pixel_edge)
