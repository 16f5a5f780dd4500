"""What the parts of the AWS API work on: one local cloud's account, its store, and moto in step with it."""

import importlib
import logging
from typing import Any

from localcloud.api.simulator import Simulator
from localcloud.api.synchronizer import Synchronizer
from localcloud.aws.account import Account, AccountError, read_account
from localcloud.aws.existing import existing_resources
from localcloud.aws.store import Store
from localcloud.home import Home

_log = logging.getLogger(__name__)


class World:
    """One local cloud as its AWS API sees it."""

    def __init__(self, home: Home, provider: Any = None) -> None:
        self.home = home
        self._provider = provider
        self.store = Store(home.aws_state)
        self._account_written = self._written()
        account = read_account(home.account_file)
        self.simulator = Simulator(account)
        self._keep(account)
        self.synchronizer = Synchronizer(self.store, self.simulator)

    @property
    def provider(self) -> Any:
        """The simulated account's own rules, to carry out what moto cannot."""
        if self._provider is None:
            # Loads the provider's schema: only when it is needed.
            self._provider = importlib.import_module("localcloud.providers.aws").AwsProvider(self.home)
        return self._provider

    @property
    def account(self) -> Account:
        """The account file as it was read last."""
        return self.simulator.account

    def catch_up(self) -> bool:
        """Take over what was written since the last call, to the account file or the store; says if anything was."""
        written = self._written()
        if written != self._account_written:
            self._account_written = written
            try:
                account = read_account(self.home.account_file)
            except AccountError as error:
                _log.warning("the account file stays as it was read before: %s", error)
            else:
                self.simulator.use(account)
                self._keep(account)
        return self.synchronizer.apply()

    def _keep(self, account: Account) -> None:
        self.store.replace_origin("account", existing_resources(account))

    def _written(self) -> int:
        file = self.home.account_file
        return file.stat().st_mtime_ns if file.exists() else 0
