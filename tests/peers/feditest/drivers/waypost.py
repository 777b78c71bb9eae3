"""Waypost for FediTest: a running site whose only account is our actor. Nobody is asked anything."""

from __future__ import annotations

from feditest import nodedriver
from feditest.nodedrivers import AccountManager, NodeConfiguration
from feditest.nodedrivers.fallback.fediverse import FallbackFediverseNode
from feditest.nodedrivers.saas import FediverseSaasNodeDriver
from feditest.protocols.fediverse import FediverseAccount, FediverseNonExistingAccount


class WaypostNode(FallbackFediverseNode):
    def provision_account_for_role(self, role: str | None = None) -> FediverseAccount:
        return FediverseAccount(role, "waypost")

    def provision_non_existing_account_for_role(
        self, role: str | None = None
    ) -> FediverseNonExistingAccount:
        return FediverseNonExistingAccount(role, "nobody")


@nodedriver
class WaypostNodeDriver(FediverseSaasNodeDriver):
    def _provision_node(
        self, rolename: str, config: NodeConfiguration, account_manager: AccountManager | None
    ) -> WaypostNode:
        return WaypostNode(rolename, config, account_manager)
