"""The data plane of a local cloud: a stand-in for the load balancers and for the pods behind them."""
