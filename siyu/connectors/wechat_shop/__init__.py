"""WeChat Shop 微信小店 (视频号小店): what it pushes names an order, and the order is then asked for; nothing is changed there."""
