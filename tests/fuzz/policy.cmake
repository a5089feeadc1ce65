pixel_fuzz(NAME policy_fuzz DEPS pixel_edge_policy)
