"""Where input rows come from: a module a format."""
