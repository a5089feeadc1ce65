pixel_fuzz(NAME config_fuzz DEPS pixel_base)
