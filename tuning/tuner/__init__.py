# SPDX-License-Identifier: Apache-2.0
"""What tuning/tune is made of: profiles, the kernel's settings, what was before, io_uring."""
