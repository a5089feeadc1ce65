# SPDX-License-Identifier: Apache-2.0
"""Load balancers' configurations, as docs/DEPLOY.md shows them, and real ones that run them."""
