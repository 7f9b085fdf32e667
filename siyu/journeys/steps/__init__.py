"""Steps 节点: what a journey does with people, one file each. A new step is one new file and one line in `registry`."""
