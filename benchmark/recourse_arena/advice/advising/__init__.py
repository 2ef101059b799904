"""How advice is found: solvers are asked, the judge looks, a menu is made and told."""
