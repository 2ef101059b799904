"""How menus are searched for: candidates, facility location, integer programming, climbing; clusters and rungs."""
