pixel_fuzz(NAME line_decode_fuzz DEPS pixel_logfmt)
