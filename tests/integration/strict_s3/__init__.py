# SPDX-License-Identifier: Apache-2.0
"""A strict S3 server of ours: what real ones enforce and test servers do not."""
