"""What the three products of the WeChat family share 微信系公共部分: cryptography, XML, callbacks, tokens and the way of calling."""
