pixel_fuzz(NAME query_fuzz DEPS pixel_logfmt)
