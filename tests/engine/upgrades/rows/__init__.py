"""The upgrade matrix: every change that users make to a running stack, one row each."""

from tests.engine.upgrades.rows.cluster import CLUSTER
from tests.engine.upgrades.rows.entry import ENTRY
from tests.engine.upgrades.rows.in_code import CODE
from tests.engine.upgrades.rows.models import MODELS
from tests.engine.upgrades.rows.network import NETWORK
from tests.engine.upgrades.rows.nodes import NODES
from tests.engine.upgrades.rows.row import BASE_VERSION, FIRST_VERSION, Row, more_reservations, put

ROWS: tuple[Row, ...] = (*MODELS, *NETWORK, *CLUSTER, *NODES, *ENTRY, *CODE)
"""Every row, in the order of the document."""

NAMED: dict[str, Row] = {row.name: row for row in ROWS}
"""Rows by name."""

__all__ = ["BASE_VERSION", "FIRST_VERSION", "NAMED", "ROWS", "Row", "more_reservations", "put"]
