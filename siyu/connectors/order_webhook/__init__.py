"""Order webhook 订单网络钩子: any shop or integrator posts orders as JSON, signed; a mapping says where in it what stands."""
